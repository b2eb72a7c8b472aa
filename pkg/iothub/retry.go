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

// operationTimeout limits an operation including its retries.
const operationTimeout = time.Minute

// pauses are the pauses between attempts, unless the hub asks for longer ones.
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

// retry makes attempts until op has succeeded or failed, or ctx leaves no time
// for another attempt.
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
		if last.isTemporary() && !r.pause(ctx, &p, attempt, last) {
			p.fail(last.err)
			return nil, p.err
		}
	}
}

// progress is the progress of an operation.
type progress struct {
	op    operation
	state state

	uncertain bool  // whether an attempt may have been carried out although its response was lost
	rejection error // the hub's answer to a later attempt, returned if no earlier attempt was carried out

	failures waitlog.Failures

	body []byte // the result, when the state is over
	err  error
}

// state says what an operation does next.
type state int

const (
	sending  state = iota // send the request
	checking              // find out by reading whether a write whose response was lost has been carried out
	over                  // nothing
)

// sent works out the next state from the response to the request.
func (p *progress) sent(last response) {
	p.uncertain = p.uncertain || last.outcome == unknown && p.op.method != http.MethodGet
	switch {
	case last.outcome == succeeded:
		p.body, p.state = last.body, over
	case last.outcome == rejected && !p.uncertain:
		p.fail(last.err)
	case last.outcome == rejected: // perhaps because an earlier attempt was carried out
		p.rejection, p.state = last.err, checking
	case p.uncertain:
		p.state = checking
	}
}

// checked works out the next state from what reading has returned.
func (p *progress) checked(last response) {
	gone := isGone(last.err)
	switch {
	case last.isTemporary(): // read again
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

// fail ends the operation with an error. The error also matches
// [ErrOutcomeUnknown] if an attempt may have been carried out.
func (p *progress) fail(err error) {
	if p.uncertain {
		err = fmt.Errorf("%w; %w", err, ErrOutcomeUnknown)
	}
	p.err, p.state = err, over
}

// isCarriedOut reports whether a write has been carried out. now and gone are
// what reading has returned afterwards.
func (op operation) isCarriedOut(now []byte, gone bool) bool {
	if op.method == http.MethodDelete {
		return gone
	}
	return !gone && op.carriedOut(now)
}

// isTemporary reports whether the hub may answer differently a little later.
func (resp response) isTemporary() bool { return resp.outcome == postponed || resp.outcome == unknown }

// isGone reports whether the hub says that the device or module does not exist.
// There are other reasons for a 404, such as a deleted hub.
func isGone(err error) bool {
	var hubErr *Error
	return errors.As(err, &hubErr) && slices.Contains([]string{"DeviceNotFound", "ModuleNotFound"}, hubErr.Code)
}

// pause waits before the next attempt. It returns false if ctx leaves no time
// for that.
func (r *Registry) pause(ctx context.Context, p *progress, attempt int, last response) bool {
	wait := max(pauses.Pause(attempt), retryAfter(last.header))
	if deadline, ok := ctx.Deadline(); ctx.Err() != nil || ok && time.Until(deadline) <= wait {
		return false
	}
	p.failures.Add("cannot "+p.op.name, causeOf(last.err), wait)
	return backoff.Wait(ctx, wait) == nil
}

// causeOf returns the error of an attempt without the name of the operation, for
// log lines that already have it.
func causeOf(err error) error {
	var hubErr *Error
	if errors.As(err, &hubErr) {
		return waitlog.Answered(hubErr.StatusCode, err)
	}
	return cmp.Or(errors.Unwrap(err), err)
}

// retryAfter returns the pause that the hub asks for, in either form of the
// header: seconds or a date. It is 0 or less if there is no need to wait.
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
