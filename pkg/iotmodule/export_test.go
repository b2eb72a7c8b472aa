package iotmodule

import (
	"context"
	"time"

	"moduletwin/pkg/internal/backoff"
	"moduletwin/pkg/iothub"
)

// Timings are the pauses and limits of a client.
type Timings = timings

// DefaultTimings are those of [Dial]. They suit tests in simulated time, too.
var DefaultTimings = defaultTimings

// ShortTimings suit tests over sockets.
var ShortTimings = timings{
	reconnect:   backoff.Range{First: 2 * time.Millisecond, Longest: 50 * time.Millisecond},
	retry:       backoff.Range{First: 2 * time.Millisecond, Longest: 50 * time.Millisecond},
	stable:      100 * time.Millisecond,
	contested:   200 * time.Millisecond,
	refused:     10 * time.Second,
	patience:    time.Second,
	signIn:      3 * time.Second,
	response:    200 * time.Millisecond,
	maxClosings: 3,
}

// ImpatientTimings leave hardly a pause before signing in again, for measuring
// the rest.
var ImpatientTimings = func() Timings {
	t := defaultTimings
	t.reconnect = backoff.Range{First: time.Microsecond, Longest: time.Microsecond}
	return t
}()

// DialWith is [Dial] with other timings.
func DialWith(ctx context.Context, module iothub.ConnectionString, opts *Options, t Timings) (*Client, error) {
	return dial(ctx, module, opts, t)
}
