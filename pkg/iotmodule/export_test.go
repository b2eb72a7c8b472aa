package iotmodule

import (
	"time"

	"moduletwin/pkg/internal/backoff"
)

// Faster returns opts with pauses and limits for tests over real sockets. Those
// in simulated time need none.
func Faster(opts Options) *Options {
	opts.timings = timings{
		reconnect:   backoff.Range{First: 2 * time.Millisecond, Longest: 50 * time.Millisecond},
		retry:       backoff.Range{First: 2 * time.Millisecond, Longest: 50 * time.Millisecond},
		stable:      100 * time.Millisecond,
		contested:   200 * time.Millisecond,
		refused:     10 * time.Second,
		signIn:      3 * time.Second,
		response:    500 * time.Millisecond,
		maxClosings: 3,
	}
	return &opts
}

// Impatient returns opts with hardly a pause before signing in again, for
// measuring the rest.
func Impatient(opts Options) *Options {
	opts.timings = defaultTimings
	opts.timings.reconnect = backoff.Range{First: time.Microsecond, Longest: time.Microsecond}
	return &opts
}
