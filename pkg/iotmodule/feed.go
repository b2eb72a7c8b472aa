package iotmodule

import (
	"context"
	"sync"

	"moduletwin/pkg/internal/mergepatch"
	"moduletwin/pkg/iothub"
)

// feed holds the patches that one reader has not taken yet. Writing never
// waits, and memory stays bounded however slow the reader is: when maxWaiting
// patches wait, they become one.
type feed struct {
	filled chan struct{} // holds something when the reader should look again

	mu      sync.Mutex // guards the fields below
	waiting []iothub.Properties
	taken   map[string]any // the state after the last patch taken
	state   map[string]any // the state after the last patch waiting
	ended   bool
	err     error // the last thing to deliver; nil for a quiet end
}

const maxWaiting = 1024

func newFeed(state map[string]any) *feed {
	return &feed{filled: make(chan struct{}, 1), taken: state, state: state}
}

func (f *feed) put(c change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.waiting) == maxWaiting {
		f.merge()
	}
	f.waiting = append(f.waiting, c.patch)
	f.state = c.after
	f.signal()
}

// merge puts one patch in place of all that wait. Two merge patches cannot
// always be made one (removing an object and then setting it is an example),
// but the states before and after them have an exact difference.
func (f *feed) merge() {
	version := f.waiting[len(f.waiting)-1]["$version"]
	f.waiting = make([]iothub.Properties, 0, maxWaiting)
	if merged := iothub.Properties(mergepatch.Diff(f.taken, f.state)); len(merged) > 0 {
		merged["$version"] = version
		f.waiting = append(f.waiting, merged)
	}
}

// end lets the reader take what waits and then err, if it is not nil.
func (f *feed) end(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.ended {
		f.ended, f.err = true, err
	}
	f.signal()
}

func (f *feed) signal() {
	select {
	case f.filled <- struct{}{}:
	default: // the reader has not looked since the last signal
	}
}

// take returns the next patch or, once, the error of the end. It waits for
// one until ctx ends or quit is closed; more is false after the last.
func (f *feed) take(ctx context.Context, quit <-chan struct{}) (patch iothub.Properties, err error, more bool) {
	for ctx.Err() == nil && !isClosed(quit) {
		if patch, err, ok := f.poll(); ok {
			return patch, err, patch != nil || err != nil
		}
		select {
		case <-f.filled:
		case <-quit:
		case <-ctx.Done():
		}
	}
	return nil, nil, false
}

// poll is take without waiting; ok is false if there is nothing yet.
func (f *feed) poll() (patch iothub.Properties, err error, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.waiting) > 0 {
		patch, f.waiting[0] = f.waiting[0], nil
		f.waiting = f.waiting[1:]
		if len(f.waiting) > 0 {
			f.taken = mergepatch.Merge(f.taken, patch.UserProperties())
		} else {
			f.taken = f.state // the same, and mostly so
		}
		f.signalIfMore()
		return patch, nil, true
	}
	err, f.err = f.err, nil
	return nil, err, f.ended
}

// signalIfMore keeps several readers of one feed from waiting beside patches.
func (f *feed) signalIfMore() {
	if len(f.waiting) > 0 || f.ended {
		f.signal()
	}
}

func isClosed(quit <-chan struct{}) bool {
	select {
	case <-quit:
		return true
	default:
		return false
	}
}
