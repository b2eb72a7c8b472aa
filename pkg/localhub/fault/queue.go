package fault

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// Queue holds the failures that are to come, and counts those that came. The
// zero value is empty. A hub has one; users reach it through the hub's methods.
type Queue struct {
	// Publish and Log are called for every fault, Publish with locks held, Log
	// without. Both must be set.
	Publish, Log func(what string)

	mu       sync.Mutex // guards the rest
	waiting  []entry
	injected int
	changed  chan struct{} // closed when injected grows; nil without waiters
}

type entry struct {
	left int
	at   Point
	how  Failure
}

// Add makes the next n events at a point fail, after those that wait there
// already.
func (q *Queue) Add(n int, at Point, how Failure) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if n > 0 {
		q.waiting = append(q.waiting, entry{n, at, how})
	}
}

// Pending is a failure that waits for its events.
type Pending struct {
	Left int // events that will fail
	At   Point
	How  Failure
}

// Pending returns the failures that are to come, in their order.
func (q *Queue) Pending() (list []Pending) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range q.waiting {
		list = append(list, Pending{e.left, e.at, e.how})
	}
	return list
}

// Clear forgets the failures that have not come yet.
func (q *Queue) Clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = nil
}

// Next returns what goes wrong with an event at a point; mostly, nothing. whom
// is the client that it concerns, for the log; nil if that does not know.
func (q *Queue) Next(at Point, whom fmt.Stringer) Failure {
	how, what := q.NextUnlogged(at, whom)
	if what != "" {
		q.Log(what)
	}
	return how
}

// NextUnlogged is Next for callers that hold a lock: unless what is "", they
// have to call Log with it once they do not.
func (q *Queue) NextUnlogged(at Point, whom fmt.Stringer) (how Failure, what string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.IndexFunc(q.waiting, func(e entry) bool { return e.at == at })
	if i < 0 {
		return Failure{}, ""
	}
	how = q.waiting[i].how
	if q.waiting[i].left--; q.waiting[i].left == 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	what = q.count(fmt.Sprintf("%v at %v", how, at), whom)
	if other, found := instead[place{at, how.Kind}]; found {
		how.Kind = other
	}
	return how, what
}

// place is a kind of failure at a point.
type place struct {
	at   Point
	kind Kind
}

// instead has the kinds that mean another one at a point. All others mean what
// their name says, everywhere.
var instead = map[place]Kind{
	{SignIn, KindDuplicate}: None,
	{REST, KindDuplicate}:   None,
	{Notify, KindStatus}:    KindSilence,
}

// Count counts and logs a fault that did not wait in the queue. whom is the
// client that it concerns; nil for all.
func (q *Queue) Count(what string, whom fmt.Stringer) {
	q.mu.Lock()
	line := q.count(what, whom)
	q.mu.Unlock()
	q.Log(line)
}

// count returns what is to be logged. The lock is held.
func (q *Queue) count(what string, whom fmt.Stringer) string {
	q.injected++
	if q.changed != nil {
		close(q.changed)
		q.changed = nil
	}
	if whom != nil {
		what += ": " + whom.String()
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
			return fmt.Errorf("localhub: there were %d faults, not %d: %w", injected, n, ctx.Err())
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
