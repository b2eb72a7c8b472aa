package iothub

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"moduletwin/pkg/internal/backoff"
	"moduletwin/pkg/internal/waitlog"
)

// operationTimeout limits an operation with all its retries.
const operationTimeout = time.Minute

// pauses lie between attempts, where the hub does not ask for longer ones.
var pauses = backoff.Range{First: 200 * time.Millisecond, Longest: 10 * time.Second}

// send carries out op, with retries, within a time limit.
func (r *Registry) send(ctx context.Context, op operation) ([]byte, error) {
	if op.invalid != nil {
		return nil, fmt.Errorf("iothub: %s: %w", op.name, op.invalid)
	}
	if op.body != nil {
		var err error
		if op.text, err = json.Marshal(op.body); err != nil { // once for all attempts
			return nil, invalidf("iothub: %s: %w", op.name, err)
		}
	}
	limited, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	body, err := r.retry(limited, op)
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(err, cause) {
		return nil, fmt.Errorf("iothub: %s: %w; the last attempt: %w", op.name, cause, err)
	}
	return body, err
}

// retry makes attempts until one tells how op ends, or ctx leaves no time for
// another.
func (r *Registry) retry(ctx context.Context, op operation) ([]byte, error) {
	p := progress{op: op, failures: waitlog.Failures{Log: r.log}}
	for attempt := 0; ; attempt++ {
		var last response
		switch p.state {
		case sending:
			last = r.attempt(ctx, op)
			p.sent(last)
		case checking:
			last = r.attempt(ctx, op.read())
			p.checked(last)
		}
		if p.state == over {
			return p.body, p.err
		}
		if last.isPassing() && !r.pause(ctx, &p, attempt, last) {
			p.fail(last.err)
			return nil, p.err
		}
	}
}

// progress is how far an operation has come.
type progress struct {
	op    operation
	state state

	uncertain bool  // whether an attempt may have been carried out although it seems to have failed
	rejection error // the hub's answer to a later attempt, to be returned if the earlier one was not carried out

	failures waitlog.Failures

	body []byte // when it is over
	err  error
}

// state says what to do next.
type state int

const (
	sending  state = iota // send the request
	checking              // read whether it has been carried out: a write whose response was lost is not repeated blindly
	over                  // nothing
)

// sent goes on from a response to the request.
func (p *progress) sent(last response) {
	p.uncertain = p.uncertain || last.outcome == unknown && p.op.method != http.MethodGet
	switch {
	case last.outcome == succeeded:
		p.body, p.state = last.body, over
	case last.outcome == rejected && !p.uncertain:
		p.fail(last.err)
	case last.outcome == rejected: // perhaps because an earlier attempt has been carried out
		p.rejection, p.state = last.err, checking
	case p.uncertain:
		p.state = checking
	}
}

// checked goes on from what reading shows.
func (p *progress) checked(last response) {
	gone := isGone(last.err)
	switch {
	case last.isPassing(): // read again
	case last.outcome == rejected && !gone:
		p.fail(last.err)
	case p.op.isCarriedOut(last.body, gone):
		p.body, p.state = last.body, over
	case p.rejection != nil:
		p.fail(p.rejection)
	default:
		p.state = sending
	}
}

// fail ends the operation with an error, which says so if it is not certain
// that nothing was carried out.
func (p *progress) fail(err error) {
	if p.uncertain {
		err = fmt.Errorf("%w; %w", err, ErrOutcomeUnknown)
	}
	p.err, p.state = err, over
}

// isCarriedOut reports whether a write has been carried out, by what reading
// has returned afterwards.
func (op operation) isCarriedOut(now []byte, gone bool) bool {
	if op.method == http.MethodDelete {
		return gone
	}
	return !gone && op.carriedOut(now)
}

// isPassing reports whether the hub may answer otherwise a little later.
func (resp response) isPassing() bool { return resp.outcome == postponed || resp.outcome == unknown }

// isGone reports whether the hub says that there is no such device or module.
// There are other reasons for a 404, such as a hub that was deleted.
func isGone(err error) bool {
	var hubErr *Error
	return errors.As(err, &hubErr) && slices.Contains([]string{"DeviceNotFound", "ModuleNotFound"}, hubErr.Code)
}

// pause waits before the next attempt; it reports false if ctx leaves no
// time for it.
func (r *Registry) pause(ctx context.Context, p *progress, attempt int, last response) bool {
	wait := max(pauses.Pause(attempt), retryAfter(last.header))
	if deadline, ok := ctx.Deadline(); ctx.Err() != nil || ok && time.Until(deadline) <= wait {
		return false
	}
	p.failures.Add("cannot "+p.op.name, causeOf(last.err), wait)
	return backoff.Wait(ctx, wait) == nil
}

// causeOf returns the error of an attempt for a line of the log that names the
// operation already.
func causeOf(err error) error {
	var hubErr *Error
	if errors.As(err, &hubErr) {
		return waitlog.Answered(hubErr.StatusCode, err)
	}
	return cmp.Or(errors.Unwrap(err), err)
}

// retryAfter reads both forms of the header: seconds and a date. It is 0 or
// less if there is nothing to wait for.
func retryAfter(header http.Header) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return time.Until(date)
	}
	return 0
}
