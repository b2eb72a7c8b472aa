package event

import "sync"

// Recording remembers the latest events of a hub, from when it was made until
// it is closed. Any number of readers can follow it, each at its own pace and
// without holding up the hub or other readers. A reader that is too slow misses
// events.
type Recording struct {
	stream *Stream
	limit  int
	closed chan struct{}

	mu   sync.Mutex // guards the rest
	ring []Event    // event n is at (n-1) % limit
	last uint64     // number of the latest event
	more chan struct{}
}

// After returns up to n events that follow the one with the given number; 0
// begins with the oldest event that is remembered. missed is how many events in
// between have been forgotten. If After returns no events, more is closed as
// soon as there is one, or when the recording ends.
func (r *Recording) After(number uint64, n int) (events []Event, missed uint64, more <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if forgotten := r.last - uint64(len(r.ring)); number < forgotten {
		number, missed = forgotten, forgotten-number
	}
	for ; number < r.last && len(events) < n; number++ {
		events = append(events, r.ring[number%uint64(r.limit)])
	}
	if r.ended() {
		return events, missed, r.closed
	}
	if r.more == nil {
		r.more = make(chan struct{})
	}
	return events, missed, r.more
}

// Last returns the number of the latest event, or 0 before the first.
func (r *Recording) Last() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// Done returns a channel that is closed when the recording ends: by Close, or
// with its hub.
func (r *Recording) Done() <-chan struct{} { return r.closed }

// Close ends the recording. The events in it can still be read.
func (r *Recording) Close() { r.stream.remove(r) }

func (r *Recording) add(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.Number = r.last + 1
	if len(r.ring) < r.limit {
		r.ring = append(r.ring, e)
	} else {
		r.ring[r.last%uint64(r.limit)] = e
	}
	r.last++
	r.wake()
}

// wake wakes the waiting readers. The caller holds r.mu.
func (r *Recording) wake() {
	if r.more != nil {
		close(r.more)
		r.more = nil
	}
}

func (r *Recording) ended() bool {
	select {
	case <-r.closed:
		return true
	default:
		return false
	}
}

func (r *Recording) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.closed)
	r.wake()
}
