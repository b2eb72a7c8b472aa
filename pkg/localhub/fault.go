package localhub

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"moduletwin/pkg/iothub"
)

// Point is where a fault can strike.
type Point int

// The points.
const (
	SignIn    Point = iota + 1 // a CONNECT
	Subscribe                  // a SUBSCRIBE
	TwinGet                    // a device or module reads its twin
	TwinPatch                  // a device or module reports properties
	Notify                     // desired properties are announced to a device or module that wants to know
	REST                       // any request over HTTPS
)

// String returns the name of the constant.
func (p Point) String() string {
	names := []string{"no point", "SignIn", "Subscribe", "TwinGet", "TwinPatch", "Notify", "REST"}
	if p < 0 || int(p) >= len(names) {
		return fmt.Sprintf("Point(%d)", int(p))
	}
	return names[p]
}

// Failure is what goes wrong. Every failure does something sensible at every
// point; where that is not obvious, the comments say what.
type Failure struct {
	kind       string
	status     int
	delay      time.Duration
	retryAfter time.Duration
}

// The failures without parameters. Requests struck by Cut, CutReset, Silence
// and Garbage are not carried out; those struck by CutHalfway, LoseAnswer and
// Duplicate are.
var (
	Cut        = Failure{kind: "Cut"}        // the connection ends (FIN) in place of an answer or notification
	CutReset   = Failure{kind: "CutReset"}   // the same by an RST, where the network has such
	CutHalfway = Failure{kind: "CutHalfway"} // the connection ends after half of the answer or notification
	LoseAnswer = Failure{kind: "LoseAnswer"} // the request is carried out, then the connection ends; at Notify, the notification is sent first
	Silence    = Failure{kind: "Silence"}    // no answer, no notification; the connection stays
	Skip       = Failure{kind: "Skip"}       // the word for Silence at Notify
	Duplicate  = Failure{kind: "Duplicate"}  // the answer or notification is sent twice; at REST and SignIn once, as there is no twice
	Garbage    = Failure{kind: "Garbage"}    // at REST a page of HTML, status 200; at TwinGet, TwinPatch and Notify a body that is no JSON; elsewhere bytes that are no MQTT
)

// Status refuses: at REST with this HTTP status, at TwinGet and TwinPatch
// with it as the twin status, at SignIn with it as the return code of CONNACK
// (5 is "not authorized"), at Subscribe with SUBACK code 0x80, whatever the
// status. At Notify it is Skip.
func Status(code int) Failure { return Failure{kind: "Status", status: code} }

// RetryAfter returns f with a Retry-After header for the answer at REST, in
// whole seconds.
func (f Failure) RetryAfter(d time.Duration) Failure {
	f.retryAfter = d
	return f
}

// Late answers or notifies d later than it would have; what is not late
// overtakes it. A request is carried out at once, a sign-in only then.
func Late(d time.Duration) Failure { return Failure{kind: "Late", delay: d} }

// String describes f in one word, with its parameter: "Status(429)".
func (f Failure) String() string {
	switch f.kind {
	case "":
		return "no failure"
	case Status(0).kind:
		return fmt.Sprintf("Status(%d)", f.status)
	case Late(0).kind:
		return fmt.Sprintf("Late(%v)", f.delay)
	}
	return f.kind
}

// FailNext makes the next n events at a point fail, whomever they concern.
// Further calls for the same point take effect after it.
func (h *Hub) FailNext(n int, at Point, how Failure) {
	h.faults.mu.Lock()
	defer h.faults.mu.Unlock()
	if n > 0 {
		h.faults.waiting = append(h.faults.waiting, fault{n, at, how})
	}
}

// ClearFaults forgets the faults of [Hub.FailNext] that have not struck yet.
func (h *Hub) ClearFaults() {
	h.faults.mu.Lock()
	defer h.faults.mu.Unlock()
	h.faults.waiting = nil
}

// FaultsApplied returns how often a fault has struck so far: those of
// [Hub.FailNext] one by one, and each call of a method that cuts, stops or
// disturbs connections.
func (h *Hub) FaultsApplied() int {
	h.faults.mu.Lock()
	defer h.faults.mu.Unlock()
	return h.faults.applied
}

// WaitFaults waits until faults have struck at least n times in all, as
// [Hub.FaultsApplied] counts, or until ctx is done.
func (h *Hub) WaitFaults(ctx context.Context, n int) error {
	for {
		applied, changed := h.faults.watch()
		if applied >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("localhub: faults struck %d times, not %d: %w", applied, n, ctx.Err())
		}
	}
}

// faults holds those that wait for their event.
type faults struct {
	log func(msg string, args ...any)

	mu      sync.Mutex // guards the rest
	waiting []fault
	applied int
	changed chan struct{} // closed when applied grows; nil without waiters
	expired map[string]bool
}

type fault struct {
	left int
	at   Point
	how  Failure
}

// strike returns the failure that is due at a point; mostly, there is none.
func (f *faults) strike(at Point) Failure {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.waiting, func(waiting fault) bool { return waiting.at == at })
	if i < 0 {
		return Failure{}
	}
	how := f.waiting[i].how
	if f.waiting[i].left--; f.waiting[i].left == 0 {
		f.waiting = slices.Delete(f.waiting, i, i+1)
	}
	f.apply(how.String(), at)
	return how
}

func (f *faults) count(what string, where any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.apply(what, where)
}

func (f *faults) apply(what string, where any) {
	f.applied++
	if f.changed != nil {
		close(f.changed)
		f.changed = nil
	}
	if where == "" {
		f.log("fault " + what)
	} else {
		f.log("fault "+what, "at", where)
	}
}

func (f *faults) watch() (applied int, changed <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.changed == nil {
		f.changed = make(chan struct{})
	}
	return f.applied, f.changed
}

func (f *faults) expire(token iothub.SASToken) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.expired == nil {
		f.expired = make(map[string]bool)
	}
	f.expired[string(token.Signature)] = true
}

func (f *faults) hasExpired(token iothub.SASToken) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.expired[string(token.Signature)]
}

// refusal is what Status stands for over HTTPS and in twin answers.
func (f Failure) refusal() *refusal {
	if f.kind == Garbage.kind {
		return refuseStatus(http.StatusBadGateway)
	}
	return refuseStatus(f.status)
}
