package localhub

import (
	"context"
	"iter"

	"moduletwin/pkg/localhub/event"
)

// Events returns the events that happen on the hub from now on, until ctx is
// done or the hub is closed. They are collected from this call on, not only
// once the sequence is ranged over, so a test may call Events, act, and then
// look. Up to 1,024 events wait for their reader; beyond that, the oldest are
// dropped and an event of kind [event.Missed] says how many. Leaving the loop
// does not stop the collecting, which goes on until ctx is done. Only one
// goroutine at a time may range over the events. While nobody listens, they
// cost nothing.
func (h *Hub) Events(ctx context.Context) iter.Seq[event.Event] { return h.events.Events(ctx) }

// RecordEvents starts a recording of the latest limit events, which several
// readers can follow and which can be read later. It goes on until it or the
// hub is closed.
func (h *Hub) RecordEvents(limit int) *event.Recording { return h.events.Record(limit) }

func (h *Hub) logFault(what string) { h.log.Warn("fault " + what) }

func (h *Hub) publishFault(what string) {
	h.events.Publish(event.Event{Kind: event.Fault, Reason: what})
}

func (h *Hub) conditionsChanged(reason string) {
	h.events.Publish(event.Event{Kind: event.ConditionsChanged, Reason: reason})
}
