package iotmodule

import (
	"errors"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"

	"moduletwin/pkg/internal/mergepatch"
	"moduletwin/pkg/iothub"
)

func TestQueueMergesWhatWaitsTooLong(t *testing.T) {
	const patches = 10_000
	hub := map[string]any{"kept": "as it was"}
	q := newQueue(hub, nil)
	var last int64
	for n := int64(1); n <= patches; n++ {
		patch := iothub.Properties{"n": float64(n), "$version": n}
		if n%3 == 0 { // removed and set again: no single patch can express that without the state
			patch["object"] = map[string]any{"n": float64(n)}
		} else {
			patch["object"] = nil
		}
		hub = mergepatch.Merge(hub, patch.UserProperties())
		q.put(change{patch, hub})
		if len(q.waiting) > maxWaiting {
			t.Fatalf("%d patches wait, the limit is %d", len(q.waiting), maxWaiting)
		}
	}
	end := errors.New("the end")
	q.fail(end)
	reader, taken := map[string]any{"kept": "as it was"}, 0
	for patch, err, more := q.take(); more; patch, err, more = q.take() {
		if err == end {
			break
		}
		if patch.Version() <= last {
			t.Fatalf("version %d after %d", patch.Version(), last)
		}
		last = patch.Version()
		reader = mergepatch.Merge(reader, patch.UserProperties())
		taken++
	}
	if last != patches || taken > maxWaiting || !reflect.DeepEqual(reader, hub) {
		t.Errorf("%d patches up to version %d result in %v, want %v at version %d", taken, last, reader, hub, patches)
	}
}

func TestQueueFails(t *testing.T) {
	refused := errors.New("refused")
	q := newQueue(nil, nil)
	q.put(change{patch: iothub.Properties{"$version": int64(1)}})
	q.fail(refused)
	q.fail(errors.New("another")) // only the first counts

	if patch, err, more := q.take(); patch.Version() != 1 || err != nil || !more {
		t.Errorf("first got %v, %v, %v, want the patch that was waiting", patch, err, more)
	}
	for range 2 { // every reader gets it
		if _, err, more := q.take(); err != refused || !more {
			t.Errorf("then got %v, %v, want the error", err, more)
		}
	}
	q.close()
	if _, err, more := q.take(); err != nil || more {
		t.Errorf("then got %v, %v, want a quiet end", err, more)
	}
}

func TestQueueStopsAtOnce(t *testing.T) {
	ended := make(chan struct{})
	close(ended)
	refused := errors.New("refused")
	for name, test := range map[string]struct {
		done <-chan struct{}
		end  func(*queue)
	}{
		"its context ended":          {ended, func(*queue) {}},
		"it was closed":              {nil, (*queue).close},
		"it failed and was closed":   {nil, func(q *queue) { q.fail(refused); q.close() }},
		"it was closed, then failed": {nil, func(q *queue) { q.close(); q.fail(refused) }},
	} {
		q := newQueue(nil, test.done)
		q.put(change{patch: iothub.Properties{"$version": int64(1)}})
		test.end(q)
		if patch, err, more := q.take(); more {
			t.Errorf("after %s, got %v, %v", name, patch, err)
		}
	}
}

// Closing the queue ends readers that wait.
func TestQueueEndsWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(nil, nil)
		var readers sync.WaitGroup
		for range 3 {
			readers.Go(func() {
				if patch, err, more := q.take(); more {
					t.Errorf("got %v, %v", patch, err)
				}
			})
		}
		synctest.Wait()
		q.close()
		readers.Wait()
	})
}
