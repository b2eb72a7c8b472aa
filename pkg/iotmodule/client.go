package iotmodule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"moduletwin/pkg/iothub"
)

// Client is a module signed in to its hub. It keeps the connection: when it
// is lost, the client signs in again, with growing pauses, until it succeeds
// or the hub keeps refusing. It is safe for concurrent use.
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
	changed chan struct{} // closed when conn or ended change
	ended   error         // why there will be no further connection
}

// ErrClosed is the error of calls on a client that is closed.
var ErrClosed = errors.New("the client is closed")

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
		return nil, fmt.Errorf("iotmodule: %w: this is the connection string of %s; needed is that of a module (with ModuleId)", iothub.ErrInvalid, module.Owner())
	}
	o := opts.withDefaults()
	dialer, err := newDialer(module, &o)
	if err != nil {
		return nil, fmt.Errorf("iotmodule: %w: %w", iothub.ErrInvalid, err)
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
// once.
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
	c.announceChange()
}

// setConnection makes conn, or with nil none, the connection of the client and
// of the follower.
func (c *Client) setConnection(conn *connection) {
	c.follower.setConnection(conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = conn
	c.announceChange()
}

// announceChange frees those who wait in connected. c.mu is held.
func (c *Client) announceChange() {
	close(c.changed)
	c.changed = make(chan struct{})
}
