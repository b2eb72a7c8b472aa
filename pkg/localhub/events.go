package localhub

import (
	"context"
	"iter"

	"moduletwin/pkg/localhub/event"
)

// Events returns what happens on the hub from now on, until ctx is done or
// the hub is closed. It begins to listen at once, not when it is ranged over,
// so a test may ask for the events, act, and then look. Up to 1,024 events
// wait for their reader; of more, the oldest are dropped and an event of kind
// [event.Missed] says how many. Leaving the loop does not end the listening:
// that goes on until ctx is done. One goroutine at a time may range over the
// events. While nobody listens, they cost nothing.
func (h *Hub) Events(ctx context.Context) iter.Seq[event.Event] { return h.events.Events(ctx) }

// RecordEvents begins to remember the latest limit events, for several readers
// and for those who come later. It goes on until it is closed, or the hub is.
func (h *Hub) RecordEvents(limit int) *event.Recording { return h.events.Record(limit) }

func (h *Hub) logFault(what string) { h.log.Warn("fault " + what) }

func (h *Hub) publishFault(what string) {
	h.events.Publish(event.Event{Kind: event.Fault, Reason: what})
}

func (h *Hub) conditionsChanged(reason string) {
	h.events.Publish(event.Event{Kind: event.ConditionsChanged, Reason: reason})
}
