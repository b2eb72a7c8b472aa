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

	"moduletwin/pkg/internal/advice"
	"moduletwin/pkg/internal/backoff"
)

// callTimeout limits a call with all its retries.
const callTimeout = time.Minute

// pauses lie between attempts, where the hub does not ask for longer ones.
var pauses = backoff.Range{First: 200 * time.Millisecond, Longest: 10 * time.Second}

// send carries out c, with retries, within a time limit.
func (r *Registry) send(ctx context.Context, c call) ([]byte, error) {
	if c.invalid != nil {
		return nil, fmt.Errorf("iothub: %s: %w", c.op, c.invalid)
	}
	if c.body != nil {
		var err error
		if c.text, err = json.Marshal(c.body); err != nil { // once for all attempts
			return nil, invalidf("iothub: %s: %w", c.op, err)
		}
	}
	limited, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	body, err := r.persist(limited, c)
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(err, cause) {
		return nil, fmt.Errorf("iothub: %s: %w; the last attempt: %w", c.op, cause, err)
	}
	return body, err
}

// persist repeats what may be repeated, until it works, the hub refuses or
// ctx ends.
func (r *Registry) persist(ctx context.Context, c call) ([]byte, error) {
	doubt := false // whether an earlier attempt may have been carried out
	for attempt := 0; ; attempt++ {
		answer := r.exchange(ctx, c)
		if answer.outcome == done {
			return answer.body, nil
		}
		doubt = doubt || answer.outcome == lost && c.method != http.MethodGet
		if answer.outcome != final && !r.pause(ctx, c, attempt, answer) {
			return nil, inDoubt(doubt, answer.err)
		}
		if doubt {
			body, carriedOut, err := r.settle(ctx, c)
			if err != nil {
				return nil, inDoubt(doubt, err)
			}
			if carriedOut {
				return body, nil
			}
		}
		if answer.outcome == final {
			return nil, inDoubt(doubt, answer.err)
		}
	}
}

// settle finds out, by reading, whether a write whose answer was lost was
// carried out. If so, it returns what the answer would have been. An error
// means that it cannot be known.
func (r *Registry) settle(ctx context.Context, c call) (body []byte, carriedOut bool, err error) {
	body, err = r.persist(ctx, c.read())
	switch {
	case isGone(err):
		return nil, c.method == http.MethodDelete, nil
	case err != nil, c.method == http.MethodDelete:
		return nil, false, err
	default:
		return body, c.carriedOut(body), nil
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
	return &advice.Error{Err: err, Advice: "An answer was lost: the hub may have carried it out all the same."}
}

// pause waits before the next attempt; it reports false if ctx leaves no
// time for it.
func (r *Registry) pause(ctx context.Context, c call, attempt int, failed answer) bool {
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
