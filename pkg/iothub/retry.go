package iothub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"moduletwin/pkg/internal/backoff"
	"moduletwin/pkg/internal/hint"
)

// callTimeout limits a call with all its retries.
const callTimeout = time.Minute

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
	limited, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	body, err := r.persist(limited, op)
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(err, cause) {
		return nil, fmt.Errorf("iothub: %s: %w; the last attempt: %w", op.name, cause, err)
	}
	return body, err
}

// persist repeats what may be repeated, until it works, the hub refuses or
// ctx ends.
func (r *Registry) persist(ctx context.Context, op operation) ([]byte, error) {
	doubt := false // whether an earlier attempt may have been carried out
	for attempt := 0; ; attempt++ {
		response := r.exchange(ctx, op)
		if response.outcome == done {
			return response.body, nil
		}
		doubt = doubt || response.outcome == lost && op.method != http.MethodGet
		if response.outcome != final && !r.pause(ctx, op, attempt, response) {
			return nil, inDoubt(doubt, response.err)
		}
		if doubt {
			body, carriedOut, err := r.settle(ctx, op)
			if err != nil {
				return nil, inDoubt(doubt, err)
			}
			if carriedOut {
				return body, nil
			}
		}
		if response.outcome == final {
			return nil, inDoubt(doubt, response.err)
		}
	}
}

// settle finds out, by reading, whether a write whose response was lost was
// carried out. If so, it returns what the response would have been. An error
// means that it cannot be known.
func (r *Registry) settle(ctx context.Context, op operation) (body []byte, carriedOut bool, err error) {
	body, err = r.persist(ctx, op.read())
	switch {
	case isGone(err):
		return nil, op.method == http.MethodDelete, nil
	case err != nil, op.method == http.MethodDelete:
		return nil, false, err
	default:
		return body, op.carriedOut(body), nil
	}
}

// isGone reports whether the hub says that there is no such device or module.
// There are other reasons for a 404, such as a hub that was deleted.
func isGone(err error) bool {
	var refused *Error
	return errors.As(err, &refused) &&
		slices.Contains([]string{"DeviceNotFound", "ModuleNotFound", "404001", "404010"}, refused.Code)
}

// inDoubt adds to the error of a write that it may have succeeded.
func inDoubt(doubt bool, err error) error {
	if !doubt {
		return err
	}
	return &hint.Error{Err: err, Hint: "A response was lost: the hub may have carried it out all the same."}
}

// pause waits before the next attempt; it reports false if ctx leaves no
// time for it.
func (r *Registry) pause(ctx context.Context, op operation, attempt int, failed response) bool {
	wait := max(pauses.Pause(attempt), retryAfter(failed.header))
	if deadline, ok := ctx.Deadline(); ctx.Err() != nil || ok && time.Until(deadline) <= wait {
		return false
	}
	because, _, _ := strings.Cut(failed.err.Error(), "\n")
	r.log.Info("trying again", "in", wait.Round(time.Millisecond), "because", because)
	return backoff.Wait(ctx, wait) == nil
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
