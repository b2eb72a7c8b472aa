package iotmodule

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"moduletwin/pkg/iothub"
)

// Client is a module that is signed in to its hub. When the connection is lost,
// the client signs in again, with growing pauses. It gives up when the hub has
// refused the sign-in for two minutes, or at once if the hub demands a client
// certificate. From then on every call returns that error, and ranging over
// patches yields it. A client is safe for concurrent use.
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
	outage  error         // why there is no connection; nil if that is unknown or there is a connection
	changed chan struct{} // closed when conn or ended changes
	ended   error         // why there will be no further connection
}

// Dial signs in to the hub as a module and subscribes to the topics of its
// twin. It returns a connected client or an error; it does not retry. ctx
// limits the sign-in, which takes at most half a minute. [Client.Close] ends
// the connection. If the connection string is not that of a module, the error
// matches [iothub.ErrInvalid]; if the hub refuses the key, it matches
// [iothub.ErrUnauthorized].
//
// A module has one connection at a time: if another client signs in as the same
// module, the hub closes the older connection.
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
	if err := module.ValidateModule(); err != nil {
		return nil, err
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

// Close signs out, ends all subscriptions and waiting calls, and returns when no
// goroutine of the client is left. It may be called more than once, but not by
// [Options.Logger], because it waits for the logger.
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

// setConnection sets the connection of the client and of the follower; nil means
// that there is none.
func (c *Client) setConnection(conn *connection) {
	c.follower.setConnection(conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn, c.outage = conn, nil
	c.wake()
}

// setOutage records why there is no connection.
func (c *Client) setOutage(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outage = cause
}

// wake wakes the goroutines that wait in connected. c.mu is held.
func (c *Client) wake() {
	close(c.changed)
	c.changed = make(chan struct{})
}
