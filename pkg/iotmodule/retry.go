package iotmodule

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"moduletwin/pkg/internal/waitlog"
	"moduletwin/pkg/iothub"
)

// retry calls attempt with a connection until it succeeds, fails for good or
// ctx ends. If the connection ends, the attempt is repeated on the next
// connection; after other temporary failures, it is repeated after a pause. op
// is the name of the request.
func (c *Client) retry(ctx context.Context, op string, attempt func(*connection) error) error {
	var previous *connection
	var last error // the error of the last attempt, unless its connection was lost
	failures := waitlog.Failures{Log: c.log}
	for tries := 0; ; tries++ {
		conn, err := c.connected(ctx, previous)
		if err != nil {
			return c.explain(ctx, err, last)
		}
		stop := c.stillWaiting(ctx, op, c.timings.response)
		err = attempt(conn)
		stop()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return c.explain(ctx, context.Cause(ctx), last)
		case !isTemporary(err):
			return err
		case isClosed(conn.lost) || errors.Is(err, errConnectionLost):
			previous, tries, last = conn, -1, nil // start again on the next connection
		default:
			last = err
			pause := c.timings.retry.Pause(tries)
			if !errors.Is(err, errOutdated) { // which is normal
				addFailure(&failures, op, err, pause)
			}
			if err := c.pause(ctx, pause); err != nil {
				return c.explain(ctx, err, last)
			}
		}
	}
}

// explain adds to the error of an ended ctx what the call was waiting for:
// there was no connection, or the last attempt had failed.
func (c *Client) explain(ctx context.Context, err, last error) error {
	if ctx.Err() == nil { // the client has ended
		return err
	}
	c.mu.Lock()
	outage := c.outage
	c.mu.Unlock()
	switch {
	case outage != nil:
		return fmt.Errorf("%w; no connection: %w", err, waitlog.InFewWords(outage))
	case last != nil:
		return fmt.Errorf("%w; the last attempt: %w", err, last)
	}
	return err
}

// isTemporary reports whether the hub may answer differently a little later.
func isTemporary(err error) bool {
	var refused *iothub.Error
	if errors.As(err, &refused) {
		return refused.StatusCode == http.StatusTooManyRequests || refused.StatusCode >= 500
	}
	temporary := []error{errConnectionLost, errNoResponse, errMalformed, errNotSent, errOutdated}
	return slices.ContainsFunc(temporary, func(target error) bool { return errors.Is(err, target) })
}

// connected returns the current connection as soon as it is not previous.
func (c *Client) connected(ctx context.Context, previous *connection) (*connection, error) {
	for {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		c.mu.Lock()
		conn, changed, ended := c.conn, c.changed, c.ended
		c.mu.Unlock()
		switch {
		case ended != nil:
			return nil, ended
		case conn != nil && conn != previous:
			return conn, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// pause waits for d, or until ctx ends or the client is closed.
func (c *Client) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.closed:
		return ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
