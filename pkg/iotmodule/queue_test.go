package iotmodule

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"moduletwin/pkg/internal/mergepatch"
	"moduletwin/pkg/iothub"
)

func TestQueueMergesWhatWaitsTooLong(t *testing.T) {
	const patches = 10_000
	hub := map[string]any{"kept": "as it was"}
	q := newQueue(hub)
	var last int64
	for n := int64(1); n <= patches; n++ {
		patch := iothub.Properties{"n": float64(n), "$version": n}
		if n%3 == 0 { // removed and set anew: no single patch without the state does that
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
	q.end(nil)
	reader, taken := map[string]any{"kept": "as it was"}, 0
	for patch, err, more := q.take(t.Context(), nil); more; patch, err, more = q.take(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if patch.Version() <= last {
			t.Fatalf("version %d after %d", patch.Version(), last)
		}
		last = patch.Version()
		reader = mergepatch.Merge(reader, patch.UserProperties())
		taken++
	}
	if last != patches || taken > maxWaiting || !reflect.DeepEqual(reader, hub) {
		t.Errorf("%d patches up to version %d lead to %v, want %v at version %d", taken, last, reader, hub, patches)
	}
}

func TestQueueEnds(t *testing.T) {
	refused := errors.New("refused")
	q := newQueue(nil)
	q.put(change{patch: iothub.Properties{"$version": int64(1)}})
	q.end(refused)
	q.end(nil) // only the first end counts

	if patch, err, more := q.take(t.Context(), nil); patch.Version() != 1 || err != nil || !more {
		t.Errorf("first came %v, %v, %v, want the patch that was waiting", patch, err, more)
	}
	if _, err, more := q.take(t.Context(), nil); err != refused || !more {
		t.Errorf("then came %v, %v, want the error", err, more)
	}
	if _, err, more := q.take(t.Context(), nil); err != nil || more {
		t.Errorf("then came %v, %v, want a quiet end", err, more)
	}
}

func TestQueueStopsWithContextAndClient(t *testing.T) {
	q := newQueue(nil)
	q.put(change{patch: iothub.Properties{"$version": int64(1)}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if patch, err, more := q.take(ctx, nil); more {
		t.Errorf("after its context ended, came %v, %v", patch, err)
	}
	quit := make(chan struct{})
	close(quit)
	if patch, err, more := q.take(t.Context(), quit); more {
		t.Errorf("after the client was closed, came %v, %v", patch, err)
	}
}
