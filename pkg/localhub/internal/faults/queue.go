// Package faults decides which events fail, in the ways that package fault
// describes, and counts the faults.
package faults

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"moduletwin/pkg/localhub/fault"
)

// Garbage is something that a hub never sends.
var Garbage = []byte("<html><body>Bad Gateway</body></html>")

// Queue holds the failures that have not happened yet, and counts those that
// have. The zero value is empty. Each hub has one.
type Queue struct {
	// Publish and Log are called for every fault, Publish with locks held, Log
	// without. Both must be set.
	Publish, Log func(what string)

	mu       sync.Mutex // guards the rest
	waiting  []fault.Pending
	injected int
	changed  chan struct{} // closed when injected grows; nil if nobody waits
}

// Add makes n events at a point fail, after those that are already queued for
// it.
func (q *Queue) Add(n int, at fault.Point, failure fault.Failure) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if n > 0 {
		q.waiting = append(q.waiting, fault.Pending{Left: n, At: at, Failure: failure})
	}
}

// Pending returns the failures that have not happened yet, in order.
func (q *Queue) Pending() []fault.Pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.waiting)
}

// Clear removes the failures that have not happened yet.
func (q *Queue) Clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = nil
}

// Next returns the failure for the next event at a point, which usually is
// none. client is for the log and may be nil.
func (q *Queue) Next(at fault.Point, client fmt.Stringer) fault.Failure {
	failure, what := q.NextUnlogged(at, client)
	if what != "" {
		q.Log(what)
	}
	return failure
}

// NextUnlogged is Next for callers that hold a lock: unless what is "", they
// have to call Log with it after they have released the lock.
func (q *Queue) NextUnlogged(at fault.Point, client fmt.Stringer) (failure fault.Failure, what string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.IndexFunc(q.waiting, func(p fault.Pending) bool { return p.At == at })
	if i < 0 {
		return fault.Failure{}, ""
	}
	failure = q.waiting[i].Failure
	if q.waiting[i].Left--; q.waiting[i].Left == 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	what = q.count(fmt.Sprintf("%v at %v", failure, at), client)
	if other, found := instead[pointKind{at, failure.Kind}]; found {
		failure.Kind = other
	}
	return failure, what
}

// pointKind is a kind of failure at a point.
type pointKind struct {
	at   fault.Point
	kind fault.Kind
}

// instead holds the kinds that act as another kind at a point. All others do
// what their name says, at every point.
var instead = map[pointKind]fault.Kind{
	{fault.SignIn, fault.KindDuplicate}: fault.None,
	{fault.REST, fault.KindDuplicate}:   fault.None,
	{fault.Notify, fault.KindStatus}:    fault.KindSilence,
}

// Count counts and logs a fault that did not come from the queue. client is nil
// for a fault that concerns all clients.
func (q *Queue) Count(what string, client fmt.Stringer) {
	q.mu.Lock()
	line := q.count(what, client)
	q.mu.Unlock()
	q.Log(line)
}

// count counts and publishes a fault, and returns what is to be logged. The
// caller holds q.mu.
func (q *Queue) count(what string, client fmt.Stringer) string {
	q.injected++
	if q.changed != nil {
		close(q.changed)
		q.changed = nil
	}
	if client != nil {
		what += ": " + client.String()
	}
	q.Publish(what)
	return what
}

// Injected returns how many faults there have been so far.
func (q *Queue) Injected() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.injected
}

// Wait waits until there have been at least n faults in all, or until ctx is
// done.
func (q *Queue) Wait(ctx context.Context, n int) error {
	for {
		injected, changed := q.watch()
		if injected >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("localhub: got %d faults, want %d: %w", injected, n, ctx.Err())
		}
	}
}

func (q *Queue) watch() (injected int, changed <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.changed == nil {
		q.changed = make(chan struct{})
	}
	return q.injected, q.changed
}
