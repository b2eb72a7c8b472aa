package iotmodule

import (
	"time"

	"moduletwin/pkg/internal/backoff"
)

// timings are the pauses and limits of a client. Tests shorten them.
type timings struct {
	reconnect   backoff.Range // between attempts to sign in
	retry       backoff.Range // between attempts of a request that the hub cannot answer now
	stable      time.Duration // a connection that held so long begins the pauses anew
	contested   time.Duration // one that the hub closed sooner may be somebody else's doing
	refused     time.Duration // how long a refusal to sign in is taken for a passing one
	slowAfter   time.Duration // when the log says that an answer is still waited for
	signIn      time.Duration // the limit of one attempt, from dialing to SUBACK
	response    time.Duration // the limit of waiting for the response to one request
	maxClosings int           // closings in a row that are still taken for chance
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
