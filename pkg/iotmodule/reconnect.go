package iotmodule

import (
	"context"
	"errors"
	"time"

	"moduletwin/pkg/internal/backoff"
	"moduletwin/pkg/internal/hint"
	"moduletwin/pkg/internal/waitlog"
)

// keepConnected replaces the connection when it ends or its token has to be
// renewed, until ctx ends or the client gives up.
func (c *Client) keepConnected(ctx context.Context, conn *connection) {
	past := history{timings: c.timings}
	for {
		renewal := conn.wait(ctx)
		c.setConnection(nil)
		conn.close()
		if ctx.Err() != nil {
			return
		}
		past.lost(conn)
		next, err := c.reconnect(ctx, &past, conn, renewal)
		if ctx.Err() != nil {
			if next != nil {
				next.close()
			}
			return
		}
		if err != nil {
			c.fail(err)
			return
		}
		conn = next
		c.setConnection(conn)
		if renewal {
			c.log.Info("token renewed")
		} else {
			c.log.Info("connected again")
		}
		c.follower.catchUpSoon() // after the line above, so that the log has the right order
	}
}

// wait waits until the connection has ended, its token has to be renewed, or
// ctx is done. It reports whether the token has to be renewed.
func (c *connection) wait(ctx context.Context) (renewal bool) {
	timer := time.NewTimer(time.Until(c.renewAt))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.lost:
	case <-ctx.Done():
	}
	return false
}

// reconnect signs in again: at once to renew the token, otherwise after a
// pause. It retries until it succeeds, gives up or ctx ends.
func (c *Client) reconnect(ctx context.Context, past *history, old *connection, renewal bool) (*connection, error) {
	failures := waitlog.Failures{Log: c.log}
	if !renewal {
		pause := past.pause()
		cause, _ := old.whyLost()
		c.setOutage(cause)
		failures.Add("connection lost", cause, pause)
		if what, help := past.suspicion(c.module.Owner()); what != "" {
			c.log.Warn(what, hint.Key, help)
		}
		if err := backoff.Wait(ctx, pause); err != nil {
			return nil, err
		}
	}
	for refused := (refusals{limit: c.timings.refused}); ; {
		conn, err := c.signIn(ctx)
		if err == nil || ctx.Err() != nil {
			return conn, err
		}
		past.failed()
		hinted := c.withHint(err)
		c.setOutage(hinted)
		if refused.forTooLong(err) || hint.DemandsCertificate(err) {
			return nil, c.signInError(err)
		}
		pause := past.pause()
		failures.Add("no connection", hinted, pause)
		if err := backoff.Wait(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// refusals tells whether a hub has refused a module for so long that the cause
// is not temporary.
type refusals struct {
	limit time.Duration
	since time.Time // when the hub began to refuse the module; zero if it does not
}

// forTooLong records the error of a sign-in and reports whether to give up.
func (r *refusals) forTooLong(err error) bool {
	var refused refusedError
	switch {
	case !errors.As(err, &refused) || refused.isTemporary():
		r.since = time.Time{}
	case r.since.IsZero():
		r.since = time.Now()
	default:
		return time.Since(r.since) >= r.limit
	}
	return false
}
