package backoff_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/internal/backoff"
)

func TestPause(t *testing.T) {
	tests := []struct {
		name    string
		r       backoff.Range
		attempt int
		longest time.Duration // the shortest is half of it
	}{
		{"first", backoff.Range{First: 100 * time.Millisecond, Longest: 30 * time.Second}, 0, 100 * time.Millisecond},
		{"second", backoff.Range{First: 100 * time.Millisecond, Longest: 30 * time.Second}, 1, 200 * time.Millisecond},
		{"ninth", backoff.Range{First: 100 * time.Millisecond, Longest: 30 * time.Second}, 8, 25600 * time.Millisecond},
		{"tenth", backoff.Range{First: 100 * time.Millisecond, Longest: 30 * time.Second}, 9, 30 * time.Second},
		{"one that would overflow", backoff.Range{First: 30 * time.Second, Longest: time.Minute}, 29, time.Minute},
		{"one that would overflow to half a second", backoff.Range{First: 1<<35 + 1, Longest: time.Minute}, 29, time.Minute},
		{"the last possible attempt", backoff.Range{First: 100 * time.Millisecond, Longest: 30 * time.Second}, math.MaxInt, 30 * time.Second},
		{"a range of a single length", backoff.Range{First: time.Second, Longest: time.Second}, 3, time.Second},
		{"the zero range", backoff.Range{}, 5, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			distinct := make(map[time.Duration]bool)
			for range 1000 {
				pause := test.r.Pause(test.attempt)
				if pause < test.longest/2 || pause > test.longest {
					t.Fatalf("got %v, want %v to %v", pause, test.longest/2, test.longest)
				}
				distinct[pause] = true
			}
			if test.longest > 0 && len(distinct) < 100 {
				t.Errorf("only %d different pauses among 1000", len(distinct))
			}
		})
	}
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if err := backoff.Wait(t.Context(), time.Minute); err != nil || time.Since(start) != time.Minute {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		if err := backoff.Wait(ctx, time.Minute); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}
