package iotmodule

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"moduletwin/pkg/iothub"
)

// Client is a module signed in to its hub. It keeps the connection: when it
// is lost, the client signs in again, with growing pauses, until it succeeds or
// the hub has refused it for two minutes (at once, if the hub demands a client
// certificate). Then every call returns that error, and ranging over patches
// yields it. It is safe for concurrent use.
type Client struct {
	module  iothub.ConnectionString
	dialer  *dialer
	opts    Options
	timings timings
	log     *slog.Logger

	follower *follower

	closed  <-chan struct{} // closed by Close
	stop    func()          // ends the goroutines
	running sync.WaitGroup

	mu      sync.Mutex // guards the fields below
	conn    *connection
	outage  error         // why there is no connection; nil while that is not known, or there is one
	changed chan struct{} // closed when conn or ended change
	ended   error         // why there will be no further connection
}

// Dial signs in to the hub as a module and subscribes to what a twin needs.
// It returns a client that is connected, or an error: it does not try again.
// ctx bounds the sign-in, which takes half a minute at most; [Client.Close]
// ends the connection. A connection string that is not a module's gives an
// error that matches [iothub.ErrInvalid], a key that the hub refuses one that
// matches [iothub.ErrUnauthorized].
//
// A module has one connection at a time: whoever signs in as the same module
// pushes the other out.
func Dial(ctx context.Context, module iothub.ConnectionString, opts *Options) (*Client, error) {
	return dial(ctx, module, opts, defaultTimings)
}

func dial(ctx context.Context, module iothub.ConnectionString, opts *Options, t timings) (*Client, error) {
	c, err := newClient(module, opts, t)
	if err != nil {
		return nil, err
	}
	conn, err := c.signIn(ctx)
	if err != nil {
		return nil, c.signInError(err)
	}
	running, stop := context.WithCancel(context.Background())
	c.stop, c.closed = stop, running.Done()
	c.setConnection(conn)
	c.running.Go(func() { c.keepConnected(running, conn) })
	c.running.Go(func() { c.follower.keepInSync(running) })
	return c, nil
}

func newClient(module iothub.ConnectionString, opts *Options, t timings) (*Client, error) {
	if err := module.Validate(); err != nil {
		return nil, err
	}
	if module.ModuleID == "" {
		return nil, invalidError{fmt.Errorf("iotmodule: this is the connection string of %s; needed is that of a module (with ModuleId)", module.Owner())}
	}
	o := opts.withDefaults()
	dialer, err := newDialer(module, &o)
	if err != nil {
		return nil, invalidError{fmt.Errorf("iotmodule: %w", err)}
	}
	c := &Client{
		module:  module,
		dialer:  dialer,
		opts:    o,
		timings: t,
		log:     o.Logger,
		changed: make(chan struct{}),
	}
	c.follower = newFollower(c.retry, t.retry, c.log)
	return c, nil
}

// Close signs out, ends every sequence and every waiting call, and returns
// when nothing of the client is left running. It may be called more than
// once, but not by [Options.Logger], for which it would wait.
func (c *Client) Close() {
	c.stop()
	c.end(ErrClosed)
	c.running.Wait()
	c.follower.close()
}

// fail gives up: there will be no further connection.
func (c *Client) fail(err error) {
	c.follower.fail(err)
	c.end(err)
}

func (c *Client) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil || err == ErrClosed {
		c.ended = err
	}
	c.wake()
}

// setConnection makes conn, or with nil none, the connection of the client and
// of the follower.
func (c *Client) setConnection(conn *connection) {
	c.follower.setConnection(conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn, c.outage = conn, nil
	c.wake()
}

// setOutage notes why there is no connection.
func (c *Client) setOutage(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outage = cause
}

// wake frees those who wait in connected. c.mu is held.
func (c *Client) wake() {
	close(c.changed)
	c.changed = make(chan struct{})
}
