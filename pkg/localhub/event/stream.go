package event

import (
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Stream is where a hub publishes its events. While nobody records them, that
// costs one atomic load. The zero value is ready for use; nothing is ever
// published on a nil *Stream.
type Stream struct {
	recordings atomic.Pointer[[]*Recording] // nil while nobody records

	mu     sync.Mutex // guards changes of recordings, and closed
	closed bool
}

// Watched reports whether somebody records the events. Who publishes asks
// before it puts an event together.
func (s *Stream) Watched() bool { return s != nil && s.recordings.Load() != nil }

// Publish adds e to all recordings. It gives it the time of now if it has
// none.
func (s *Stream) Publish(e Event) {
	if !s.Watched() {
		return
	}
	recordings := s.recordings.Load()
	if recordings == nil { // a moment ago, somebody did
		return
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	for _, r := range *recordings {
		r.add(e)
	}
}

// Record begins a recording that remembers the latest limit events, at least
// one. It goes on until it is closed.
func (s *Stream) Record(limit int) *Recording {
	r := &Recording{stream: s, limit: max(1, limit), closed: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		r.end()
		return r
	}
	s.set(append(s.current(), r))
	return r
}

// buffered is how many events wait for who ranges over [Stream.Events].
const buffered = 1024

// Events returns what happens from now on until ctx is done or the hub is
// closed. Events wait for the reader, up to 1,024 of them; of more, the
// oldest are dropped and an event of kind [Missed] says how many. Ranging
// over the sequence once more goes on where it was left; two goroutines may
// not range over it at once. Events are remembered until ctx is done, even if
// nobody ranges any more.
func (s *Stream) Events(ctx context.Context) iter.Seq[Event] {
	r := s.Record(buffered)
	context.AfterFunc(ctx, r.Close)
	last := uint64(0)
	return func(yield func(Event) bool) {
		for ctx.Err() == nil {
			over := r.ended() // asked first: then all events are there
			events, missed, more := r.After(last, buffered)
			if missed > 0 {
				last += missed
				if !yield(Event{Number: last, Time: events[0].Time, Kind: Missed, Count: missed}) {
					return
				}
			}
			for _, e := range events {
				last = e.Number
				if !yield(e) || ctx.Err() != nil {
					return
				}
			}
			switch {
			case len(events) > 0:
			case over:
				return
			default:
				<-more
			}
		}
	}
}

// Close ends all recordings, and those to come at once.
func (s *Stream) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, r := range s.current() {
		r.end()
	}
	s.set(nil)
}

func (s *Stream) remove(r *Recording) {
	s.mu.Lock()
	defer s.mu.Unlock()
	current := s.current()
	if i := slices.Index(current, r); i >= 0 {
		r.end()
		s.set(slices.Delete(current, i, i+1))
	}
}

// current returns a copy of the list. The lock is held.
func (s *Stream) current() []*Recording {
	if list := s.recordings.Load(); list != nil {
		return slices.Clone(*list)
	}
	return nil
}

func (s *Stream) set(list []*Recording) {
	if len(list) == 0 {
		s.recordings.Store(nil)
		return
	}
	s.recordings.Store(&list)
}
