package event

import (
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Stream is where a hub publishes its events. While nobody records them,
// publishing costs one atomic load. The zero value is ready for use; publishing
// on a nil *Stream does nothing.
type Stream struct {
	recordings atomic.Pointer[[]*Recording] // nil while nobody records

	mu     sync.Mutex // guards changes of recordings, and closed
	closed bool
}

// Watched reports whether anybody records the events. Publishers ask before
// they put an event together.
func (s *Stream) Watched() bool { return s != nil && s.recordings.Load() != nil }

// Publish adds e to all recordings, with the current time if e has none. Long
// texts are cut.
func (s *Stream) Publish(e Event) {
	if !s.Watched() {
		return
	}
	recordings := s.recordings.Load()
	if recordings == nil { // the last recording ended just now
		return
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	e.shorten()
	for _, r := range *recordings {
		r.add(e)
	}
}

// Record starts a recording that remembers the latest limit events, at least
// one. It goes on until it or s is closed.
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

// buffered is how many events wait for the reader of [Stream.Events].
const buffered = 1024

// Events returns the events that happen from now on, until ctx is done or the
// hub is closed. Up to 1,024 events wait for the reader; beyond that, the
// oldest are dropped and an event of kind [Missed] says how many. Ranging over
// the sequence again continues where the previous loop stopped; two goroutines
// must not range over it at once. Events are remembered until ctx is done, even
// if nobody ranges over them any more.
func (s *Stream) Events(ctx context.Context) iter.Seq[Event] {
	r := s.Record(buffered)
	context.AfterFunc(ctx, r.Close)
	last := uint64(0)
	return func(yield func(Event) bool) {
		for ctx.Err() == nil {
			over := r.ended() // checked first: if true, After returns all events that are left
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

// Close ends all recordings. Recordings that are started later end at once.
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

// current returns a copy of the list of recordings. The caller holds s.mu.
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
