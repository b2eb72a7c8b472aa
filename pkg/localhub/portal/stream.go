package portal

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"moduletwin/pkg/internal/backoff"
	"moduletwin/pkg/localhub/event"
)

const (
	maxViewers   = 64                    // streams at once
	history      = 500                   // past events that a new viewer gets
	maxLag       = 1000                  // events that a viewer may be behind
	maxBatch     = 100                   // events in one message
	pause        = 20 * time.Millisecond // between two messages
	heartbeat    = 15 * time.Second      // after which something is sent, so that a dead connection is noticed
	writeTimeout = 10 * time.Second      // after which a viewer that does not read is dropped
)

// eventForm is an event as the page sees it.
type eventForm struct {
	Number  uint64         `json:"n"`
	Time    int64          `json:"t"` // milliseconds since 1970
	Kind    string         `json:"kind"`
	Device  string         `json:"device,omitempty"`
	Module  string         `json:"module,omitempty"`
	By      string         `json:"by,omitempty"`
	From    string         `json:"from,omitempty"`
	Method  string         `json:"method,omitempty"`
	Path    string         `json:"path,omitempty"`
	Status  int            `json:"status,omitempty"`
	Reason  string         `json:"reason,omitempty"`
	Patch   map[string]any `json:"patch,omitzero"` // {} if nothing changed, missing if it is too large
	Version int64          `json:"version,omitempty"`
}

func form(e event.Event) eventForm {
	return eventForm{
		Number: e.Number, Time: e.Time.UnixMilli(), Kind: e.Kind.String(),
		Device: e.DeviceID, Module: e.ModuleID, By: e.By, From: e.RemoteAddr,
		Method: e.Method, Path: e.Path, Status: e.Status, Reason: e.Reason,
		Patch: e.Patch, Version: e.Version,
	}
}

// serveEvents sends what happens on the hub as server-sent events: first the
// recorded events that the viewer has not seen, then live ones. All that is
// kept per viewer is the number of the last event sent to it, so a slow one
// costs nothing: it misses events, is told so, and loads again what it shows.
func (p *Portal) serveEvents(w http.ResponseWriter, r *http.Request) {
	if p.viewers.Add(1) > maxViewers {
		p.viewers.Add(-1)
		http.Error(w, "There are too many viewers.", http.StatusServiceUnavailable)
		return
	}
	defer p.viewers.Add(-1)
	ctx, stop := context.WithCancel(r.Context())
	defer stop()
	defer context.AfterFunc(p.closed, stop)()
	w.Header().Set("Content-Type", "text/event-stream")
	v := viewer{portal: p, out: w, control: http.NewResponseController(w), seen: p.seen(r)}
	if v.send(fmt.Sprintf("retry: 500\nevent: hello\ndata: %q\n\n", p.run)) != nil {
		return
	}
	for v.next(ctx) == nil {
	}
}

// seen returns the number of the event after which a viewer continues. Its
// browser remembers that number or, after a longer break, the page does. A new
// viewer gets some past events.
func (p *Portal) seen(r *http.Request) uint64 {
	id := r.Header.Get("Last-Event-ID")
	if id == "" {
		id = r.URL.Query().Get("after")
	}
	run, number, _ := strings.Cut(id, ".")
	n, err := strconv.ParseUint(number, 10, 64)
	if run != p.run || err != nil {
		last := p.recording.Last()
		return last - min(last, history)
	}
	return n
}

// viewer is one open stream.
type viewer struct {
	portal  *Portal
	out     http.ResponseWriter
	control *http.ResponseController
	seen    uint64
}

// next waits for events and sends them. An error ends the stream.
func (v *viewer) next(ctx context.Context) error {
	recording := v.portal.recording
	skipped := v.skip(recording.Last())
	events, missed, more := recording.After(v.seen, maxBatch)
	if len(events) == 0 {
		return v.wait(ctx, more)
	}
	v.seen = events[len(events)-1].Number
	if err := v.send(v.message(events, skipped+missed)); err != nil {
		return err
	}
	return backoff.Wait(ctx, pause)
}

// skip skips all but the latest events if more has happened than the viewer
// could make use of.
func (v *viewer) skip(last uint64) (skipped uint64) {
	if last < v.seen+maxLag {
		return 0
	}
	skipped = last - maxBatch - v.seen
	v.seen += skipped
	return skipped
}

func (v *viewer) message(events []event.Event, missed uint64) string {
	forms := make([]eventForm, len(events))
	for i, e := range events {
		forms[i] = form(e)
	}
	text, err := json.Marshal(forms)
	if err != nil {
		panic("portal: " + err.Error()) // impossible: patches come from JSON
	}
	var b strings.Builder
	if missed > 0 {
		fmt.Fprintf(&b, "event: missed\ndata: %d\n\n", missed)
	}
	fmt.Fprintf(&b, "id: %s.%d\ndata: %s\n\n", v.portal.run, v.seen, text)
	return b.String()
}

func (v *viewer) wait(ctx context.Context, more <-chan struct{}) error {
	timer := time.NewTimer(heartbeat)
	defer timer.Stop()
	select {
	case <-more:
		select {
		case <-v.portal.recording.Done():
			return context.Canceled
		default:
			return nil
		}
	case <-timer.C:
		return v.send(": still here\n\n")
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (v *viewer) send(text string) error {
	v.control.SetWriteDeadline(time.Now().Add(writeTimeout)) // if it cannot be set, that of the server applies
	if _, err := v.out.Write([]byte(text)); err != nil {
		return err
	}
	return v.control.Flush()
}
