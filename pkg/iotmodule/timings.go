package iotmodule

import (
	"time"

	"moduletwin/pkg/internal/backoff"
)

// timings are the pauses and limits of a client. Tests shorten them.
type timings struct {
	reconnect   backoff.Range // the pauses between attempts to sign in
	retry       backoff.Range // the pauses between attempts of a request
	stable      time.Duration // a connection that lasted so long resets the pauses
	contested   time.Duration // if the hub closes a connection sooner, there may be another client
	refused     time.Duration // how long a refused sign-in is retried
	slowAfter   time.Duration // after that, the log says that there is no response yet
	signIn      time.Duration // the limit of one attempt to sign in, from dialing to SUBACK
	response    time.Duration // the limit of waiting for the response to one request
	maxClosings int           // up to this many closings in a row may be chance
}

var defaultTimings = timings{
	reconnect:   backoff.Range{First: 100 * time.Millisecond, Longest: 30 * time.Second},
	retry:       backoff.Range{First: 200 * time.Millisecond, Longest: 30 * time.Second},
	stable:      10 * time.Second,
	contested:   time.Minute,
	refused:     2 * time.Minute,
	slowAfter:   5 * time.Second,
	signIn:      30 * time.Second,
	response:    30 * time.Second,
	maxClosings: 3,
}
