package iotmodule

import (
	"context"
	"time"

	"moduletwin/pkg/internal/backoff"
	"moduletwin/pkg/iothub"
)

// Timings are the pauses and limits of a client.
type Timings = timings

// DefaultTimings are those of [Dial]. They also suit tests in simulated time.
var DefaultTimings = defaultTimings

// ShortPauses suit tests over sockets. The limits stay long, because everything
// takes long on a busy machine.
var ShortPauses = func() Timings {
	t := defaultTimings
	t.reconnect = backoff.Range{First: 2 * time.Millisecond, Longest: 50 * time.Millisecond}
	t.retry = t.reconnect
	t.stable = 100 * time.Millisecond
	t.contested = 200 * time.Millisecond
	return t
}()

// ShortLimits are ShortPauses with short limits, for tests that wait until a
// limit is reached.
var ShortLimits = func() Timings {
	t := ShortPauses
	t.signIn = 3 * time.Second
	t.response = 500 * time.Millisecond
	return t
}()

// NoPauses have almost no pause before signing in again, to measure the rest.
var NoPauses = func() Timings {
	t := defaultTimings
	t.reconnect = backoff.Range{First: time.Microsecond, Longest: time.Microsecond}
	return t
}()

// DialWith is [Dial] with other timings.
func DialWith(ctx context.Context, module iothub.ConnectionString, opts *Options, t Timings) (*Client, error) {
	return dial(ctx, module, opts, t)
}
