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

// follower follows the desired properties of the twin on behalf of all
// subscribers. It takes the notifications of one connection after another,
// reads the twin whenever some may have been missed (see catchup.go), and
// passes every change to every subscriber. The client makes the connections.
//
// The locks of the follower and of the client are never held at the same time.
type follower struct {
	retry  retryFunc     // makes requests, see Client.retry
	pauses backoff.Range // between failed reads of the twin
	log    *slog.Logger

	reading   chan struct{} // holds something while the twin is being read
	outOfSync chan struct{} // holds something when the twin may have to be read

	mu          sync.Mutex  // guards the fields below; nobody waits while holding it
	conn        *connection // the source of notifications; nil if there is none
	resumedAt   int64       // the version when conn replaced an earlier connection; 0 once the twin has been read
	tracker     tracker
	subscribers int                    // including those that are just subscribing
	queues      map[*queue]func() bool // one per subscription; the function detaches it from its context
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

// subscribe returns a subscription that gets every change from now on until ctx
// ends. The state that it starts from was read during this call.
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

// join adds a subscriber. Even if there are others, the twin has to be read
// again: the state that they know may be outdated.
func (f *follower) join() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.subscribers++
	f.tracker.lostTrack()
}

// leave removes a subscriber.
func (f *follower) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dropSubscriber()
}

// dropSubscriber is leave for callers that hold f.mu. When the last subscriber
// has left, the state of the twin is forgotten: nobody keeps it up to date any
// longer.
func (f *follower) dropSubscriber() {
	if f.subscribers--; f.subscribers == 0 {
		f.tracker, f.resumedAt = tracker{epoch: f.tracker.epoch + 1}, 0
	}
}

// open returns a subscription that starts from the current state. It returns
// nil if that state is unknown: changes may have been missed since it was read,
// or the client may be closed.
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

// fail tells the subscribers that there will be no further connection: they get
// err after the changes that they have not taken yet.
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

// setConnection makes conn the source of notifications; nil means that there is
// none. Some may have been missed, so the caller has to call catchUpSoon
// afterwards.
func (f *follower) setConnection(conn *connection) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conn, f.resumedAt = conn, f.tracker.version
	f.tracker.lostTrack()
}

// notify handles a notification. It runs on paho's goroutine.
func (f *follower) notify(from *connection, body []byte) {
	var decoded any // package json decodes into any faster than into a map
	if err := json.Unmarshal(body, &decoded); err != nil {
		decoded = nil
	}
	object, _ := decoded.(map[string]any)
	patch := iothub.Properties(object) // nil has no version, so the twin will be read
	f.mu.Lock()
	defer f.mu.Unlock()
	if from != f.conn || f.subscribers == 0 {
		return // there are no subscribers, or the twin is read later anyway
	}
	f.deliver(f.tracker.notification(patch))
	if !f.tracker.inSync {
		f.catchUpSoon()
	}
}

// deliver puts changes into all queues, a copy into each. f.mu is held.
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
