package iotmodule_test

import (
	"fmt"
	"sync"

	"moduletwin/pkg/internal/mergepatch"
	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
)

// reader applies patches to the state with which its subscription began.
type reader struct {
	subscription *iotmodule.Subscription

	mu         sync.Mutex // guards the fields below
	state      map[string]any
	version    int64
	taken      int
	err        error
	ended      bool
	changed    chan struct{} // closed at the next change
	mayRestart bool          // whether versions may start over
}

// read subscribes, and reads in a goroutine until the sequence ends.
func (s *fixture) read() *reader {
	s.Helper()
	subscription, client := s.subscribe(), s.client
	state := subscription.State()
	r := &reader{subscription: subscription, state: state.UserProperties(), version: state.Version(), changed: make(chan struct{})}
	var done sync.WaitGroup
	done.Go(func() {
		for patch, err := range subscription.Patches() {
			r.take(s, patch, err)
		}
		r.update(func() { r.ended = true })
	})
	s.Cleanup(func() { client.Close(); done.Wait() })
	return r
}

func (r *reader) take(s *fixture, patch iothub.Properties, err error) {
	r.update(func() {
		if err != nil {
			r.err = err
			return
		}
		if patch.Version() <= r.version && !r.mayRestart {
			s.Errorf("version %d came after %d", patch.Version(), r.version)
		}
		r.taken++
		r.version = patch.Version()
		r.state = mergepatch.Merge(r.state, patch.UserProperties())
	})
}

func (r *reader) update(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
	close(r.changed)
	r.changed = make(chan struct{})
}

// await waits until the reader is at version.
func (r *reader) await(s *fixture, version int64) {
	s.Helper()
	r.awaitUntil(s, fmt.Sprintf("version %d", version), func() bool { return r.version == version })
}

// awaitEnd waits for the end of the sequence and returns its error.
func (r *reader) awaitEnd(s *fixture) error {
	s.Helper()
	r.awaitUntil(s, "the end", func() bool { return r.ended })
	return r.err
}

func (r *reader) awaitUntil(s *fixture, what string, ok func() bool) {
	s.Helper()
	for {
		r.mu.Lock()
		reached, at, changed := ok(), r.version, r.changed
		r.mu.Unlock()
		if reached {
			return
		}
		select {
		case <-changed:
		case <-s.ctx.Done():
			s.Fatalf("the reader is at version %d, waiting for %s", at, what)
		}
	}
}

func (r *reader) snapshot() map[string]any {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

func (r *reader) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.taken
}
