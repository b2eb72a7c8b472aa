package iotmodule

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"moduletwin/pkg/internal/backoff"
	"moduletwin/pkg/internal/mergepatch"
	"moduletwin/pkg/iothub"
)

// follower follows the desired properties of the twin for everybody who
// subscribes to them. It takes the notifications of one connection after the
// other, reads the twin whenever some may have been missed (see catchup.go),
// and hands every change to every subscriber. How a connection comes about is
// the client's business.
//
// The lock of the follower and that of the client are never held together.
type follower struct {
	retry  retryFunc     // makes requests, see Client.retry
	pauses backoff.Range // between reads that the hub refuses
	log    *slog.Logger

	reading   chan struct{} // holds something while the twin is being read
	outOfSync chan struct{} // holds something when the twin may have to be read

	mu          sync.Mutex  // guards the fields below; nothing is waited for while it is held
	conn        *connection // whose notifications count; nil while there is none
	resumedAt   int64       // the version when conn took the place of another; 0 once the twin has been read
	tracker     tracker
	subscribers int                    // how many there are, or are about to be
	queues      map[*queue]func() bool // theirs; the function forgets the context that ends one
	ended       bool                   // whether there will be no further connection
}

type retryFunc func(ctx context.Context, op string, attempt func(*connection) error) error

func newFollower(retry retryFunc, pauses backoff.Range, log *slog.Logger) *follower {
	return &follower{
		retry:     retry,
		pauses:    pauses,
		log:       log,
		reading:   make(chan struct{}, 1),
		outOfSync: make(chan struct{}, 1),
		queues:    make(map[*queue]func() bool),
	}
}

// subscribe returns a subscription that gets every change from now on until
// ctx ends. The state that it begins with was read after this call began.
func (f *follower) subscribe(ctx context.Context) (*Subscription, error) {
	f.join()
	for {
		if err := f.catchUp(ctx); err != nil {
			f.leave()
			f.catchUpSoon() // the others still need the read
			return nil, err
		}
		if subscription := f.open(ctx); subscription != nil {
			return subscription, nil
		}
	}
}

// join makes notifications count. Others may follow the twin already, but what
// they know of it may be older than this moment.
func (f *follower) join() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.subscribers++
	f.tracker.lostTrack()
}

// leave stops following the twin when nobody is left to follow it for.
func (f *follower) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dropSubscriber()
}

// dropSubscriber is leave for those who hold f.mu.
func (f *follower) dropSubscriber() {
	if f.subscribers--; f.subscribers == 0 {
		f.tracker = tracker{epoch: f.tracker.epoch + 1}
	}
}

// open returns a subscription that begins with the present state. It returns
// nil if that is not known: track of it may have been lost since it was read,
// or the client been closed.
func (f *follower) open(ctx context.Context) *Subscription {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended || !f.tracker.inSync {
		return nil
	}
	state := f.tracker.properties
	queue := newQueue(state, ctx.Done())
	end := func() { f.unsubscribe(queue) }
	f.queues[queue] = context.AfterFunc(ctx, end)
	state = mergepatch.Merge(state, map[string]any{"$version": float64(f.tracker.version)})
	return &Subscription{state, queue, end}
}

// unsubscribe ends a queue. It may be called more than once.
func (f *follower) unsubscribe(q *queue) {
	f.mu.Lock()
	defer f.mu.Unlock()
	forget, open := f.queues[q]
	if !open {
		return
	}
	forget()
	delete(f.queues, q)
	f.dropSubscriber()
	q.close()
}

// fail says that there will be no further connection: the subscribers get err
// after the changes that they have not taken yet.
func (f *follower) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
	for queue := range f.queues {
		queue.fail(err)
	}
}

// close ends all queues.
func (f *follower) close() {
	f.mu.Lock()
	f.ended = true
	queues := slices.Collect(maps.Keys(f.queues))
	f.mu.Unlock()
	for _, queue := range queues {
		f.unsubscribe(queue)
	}
}

// setConnection makes the notifications of conn the ones that count, with nil
// none. Either way some may have been missed: catchUpSoon has to follow.
func (f *follower) setConnection(conn *connection) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conn, f.resumedAt = conn, f.tracker.version
	f.tracker.lostTrack()
}

// notify takes a notification, on paho's goroutine.
func (f *follower) notify(from *connection, body []byte) {
	var decoded any // package json is quicker with any than with a map
	if err := json.Unmarshal(body, &decoded); err != nil {
		decoded = nil
	}
	object, _ := decoded.(map[string]any)
	patch := iothub.Properties(object) // if nil, it has no version, so that the twin will be read
	f.mu.Lock()
	defer f.mu.Unlock()
	if from != f.conn || f.subscribers == 0 {
		return // nobody wants to know, or the read that is still to come will be newer
	}
	f.deliver(f.tracker.notification(patch))
	if !f.tracker.inSync {
		f.catchUpSoon()
	}
}

// deliver hands changes to all queues, to each its own copy. f.mu is held.
func (f *follower) deliver(changes []change) {
	for _, change := range changes {
		left := len(f.queues)
		for queue := range f.queues {
			own := change
			if left--; left > 0 { // the last one gets the original
				own.patch = mergepatch.Clone(map[string]any(change.patch)).(map[string]any)
			}
			queue.put(own)
		}
	}
}
