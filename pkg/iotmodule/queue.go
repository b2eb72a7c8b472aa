package iotmodule

import (
	"sync"

	"moduletwin/pkg/internal/mergepatch"
	"moduletwin/pkg/iothub"
)

// queue holds the patches that the reader of a subscription has not taken yet.
// Writing never waits, and memory stays bounded however slow the reader is:
// when maxWaiting patches are waiting, they are merged into one.
type queue struct {
	filled chan struct{}   // holds something if the reader should look again
	done   <-chan struct{} // closed when the reader's context ends

	mu      sync.Mutex // guards the fields below
	waiting []iothub.Properties
	taken   map[string]any // the state after the last patch that was taken
	state   map[string]any // the state after the last patch that is waiting
	ended   bool
	err     error // delivered after the last patch; nil for an end without an error
}

const maxWaiting = 1024

func newQueue(state map[string]any, done <-chan struct{}) *queue {
	return &queue{filled: make(chan struct{}, 1), done: done, taken: state, state: state}
}

func (q *queue) put(c change) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == maxWaiting {
		q.merge()
	}
	q.waiting = append(q.waiting, c.patch)
	q.state = c.after
	q.signal()
}

// merge replaces all waiting patches with one. Merge patches cannot always be
// combined (for example, removing an object and then setting it), but the
// difference between the states before and after them is always exact.
func (q *queue) merge() {
	version := q.waiting[len(q.waiting)-1]["$version"]
	q.waiting = make([]iothub.Properties, 0, maxWaiting)
	if merged := iothub.Properties(mergepatch.Diff(q.taken, q.state)); len(merged) > 0 {
		merged["$version"] = version
		q.waiting = append(q.waiting, merged)
	}
}

// fail ends the queue with an error. The reader gets the waiting patches first.
func (q *queue) fail(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.ended {
		q.ended, q.err = true, err
	}
	q.signal()
}

// close ends the queue at once. Waiting patches are dropped.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended, q.err, q.waiting = true, nil, nil
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.filled <- struct{}{}:
	default: // the reader has not looked since the last signal
	}
}

// take returns the next patch or, after the last one, the error that ended the
// queue. It waits until there is one of these or the reader's context ends;
// more is false if there will be neither.
func (q *queue) take() (patch iothub.Properties, err error, more bool) {
	for !isClosed(q.done) {
		if patch, err, ok := q.poll(); ok {
			return patch, err, patch != nil || err != nil
		}
		select {
		case <-q.filled:
		case <-q.done:
		}
	}
	return nil, nil, false
}

// poll is take without waiting. ok is false if there is nothing to take yet.
func (q *queue) poll() (patch iothub.Properties, err error, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	defer q.signalIfMore()
	if len(q.waiting) > 0 {
		patch, q.waiting[0] = q.waiting[0], nil
		q.waiting = q.waiting[1:]
		if len(q.waiting) > 0 {
			q.taken = mergepatch.Merge(q.taken, patch.UserProperties())
		} else {
			q.taken = q.state // the usual case, which needs no merging
		}
		return patch, nil, true
	}
	return nil, q.err, q.ended
}

// signalIfMore wakes the next reader, if a queue has several and there is
// something for it: a patch or the end.
func (q *queue) signalIfMore() {
	if len(q.waiting) > 0 || q.ended {
		q.signal()
	}
}

func isClosed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}
