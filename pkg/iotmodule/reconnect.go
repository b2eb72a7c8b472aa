package iotmodule

import (
	"context"
	"errors"
	"net"
	"time"

	"moduletwin/pkg/internal/backoff"
)

// history is what earlier connections teach about the next attempt.
type history struct {
	attempt   int  // how many pauses have been made since all was well
	closings  int  // connections in a row that the hub closed soon
	contested bool // whether the user was told what that may mean
}

// keepConnected replaces the connection when it ends or its token is old,
// until ctx ends or the hub keeps refusing.
func (c *Client) keepConnected(ctx context.Context, conn *connection) {
	var past history
	for {
		renewal := conn.wait(ctx)
		c.setConnection(nil, "")
		conn.close()
		if ctx.Err() != nil {
			return
		}
		resumed := "token renewed"
		if !renewal {
			resumed = "connected again"
			c.log.Info("connection lost, reconnecting", "cause", conn.whyLost())
		}
		c.learn(&past, conn)
		next, err := c.reconnect(ctx, &past, renewal)
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
		c.setConnection(conn, resumed)
	}
}

// wait waits until the connection has ended, its token should be renewed, for
// which it reports true, or ctx is done.
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

// learn draws conclusions from the end of a connection. A hub that closes one
// soon after the other has mostly let in another client as the same module.
// Two such clients would push each other out for ever, so each comes back
// more and more slowly; it takes a longer success to begin anew.
func (c *Client) learn(past *history, conn *connection) {
	lived := time.Since(conn.since)
	if lived >= c.timings.contested || !closedByHub(conn.whyLost()) {
		past.closings, past.contested = 0, false
	} else {
		past.closings++
	}
	contested := past.closings > c.timings.maxClosings
	if lived >= c.timings.contested || lived >= c.timings.stable && !contested {
		past.attempt = 0
	}
	if contested && !past.contested {
		past.contested = true
		c.log.Warn("the hub keeps closing the connection: is another client signed in as " + c.module.Owner() + "?")
	}
}

// closedByHub tells a connection that was closed from one that fell silent
// and from one that was given up for a new token.
func closedByHub(cause error) bool {
	var failure net.Error
	return cause != errSignedOut && !(errors.As(cause, &failure) && failure.Timeout())
}

// reconnect signs in, after a pause unless atOnce, until it succeeds, the hub
// has refused for too long or ctx ends.
func (c *Client) reconnect(ctx context.Context, past *history, atOnce bool) (*connection, error) {
	var refusedSince time.Time
	told := ""
	for {
		if !atOnce {
			pause := c.timings.reconnect.Pause(past.attempt)
			if told == "" && pause >= time.Second {
				c.log.Info("waiting before the next attempt", "for", pause.Round(100*time.Millisecond))
			}
			if err := backoff.Wait(ctx, pause); err != nil {
				return nil, err
			}
			past.attempt++
		}
		atOnce = false
		conn, err := c.signIn(ctx)
		if err == nil {
			return conn, nil
		}
		if refused := (refusedError{}); !errors.As(err, &refused) || !refused.unauthorized() {
			refusedSince = time.Time{}
		} else if refusedSince.IsZero() {
			refusedSince = time.Now()
		} else if time.Since(refusedSince) >= c.timings.refused {
			return nil, c.dialError(err)
		}
		if text := err.Error(); text != told && ctx.Err() == nil { // once, not with every attempt
			told = text
			c.log.Info("no connection yet, trying on", "because", err)
		}
	}
}
