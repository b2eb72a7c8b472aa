// Package backoff waits between attempts.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

// Range is the shortest and the longest pause between two attempts.
type Range struct{ First, Longest time.Duration }

// Pause returns how long to wait after an attempt; attempts are counted from 0.
// The pause doubles each time up to the longest, less a random part of up to
// half, so that clients that failed together do not come back together.
func (r Range) Pause(attempt int) time.Duration {
	pause := r.Longest
	if r.First <= r.Longest>>attempt { // unlike r.First<<attempt, this does not overflow
		pause = r.First << attempt
	}
	return pause - rand.N(pause/2+1)
}

// Wait waits for d. If ctx ends first, it returns the error of ctx.
func Wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
