// Package memnet is a network in memory, for tests in a testing/synctest
// bubble: there, time stands still while a goroutine waits for a real socket.
// Unlike those of [net.Pipe], its connections have buffers; without them, two
// TLS peers that both write first would wait for each other for ever.
package memnet

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Listener is a [net.Listener] that is reached through its DialContext.
type Listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// Listen returns a listener.
func Listen() *Listener {
	return &Listener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// DialContext connects to the listener, whatever the address. It has the
// signature of [net.Dialer.DialContext].
func (l *Listener) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	client, server := Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: "mem", Addr: addr{}, Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept returns the server's end of the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close refuses further connections; existing ones stay open.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr returns a placeholder.
func (l *Listener) Addr() net.Addr { return addr{} }

type addr struct{}

func (addr) Network() string { return "mem" }
func (addr) String() string  { return "memory:0" }

// Pipe returns the two ends of a connection.
func Pipe() (net.Conn, net.Conn) {
	a, b := newBuffer(), newBuffer()
	return &conn{in: a, out: b}, &conn{in: b, out: a}
}

type conn struct{ in, out *buffer }

func (c *conn) Read(p []byte) (int, error)  { return c.in.read(p) }
func (c *conn) Write(p []byte) (int, error) { return c.out.write(p) }

func (c *conn) Close() error {
	c.in.close(net.ErrClosed)
	c.out.close(io.EOF)
	return nil
}

func (c *conn) LocalAddr() net.Addr                { return addr{} }
func (c *conn) RemoteAddr() net.Addr               { return addr{} }
func (c *conn) SetReadDeadline(t time.Time) error  { return c.in.setDeadline(t) }
func (c *conn) SetWriteDeadline(t time.Time) error { return nil } // writes never wait

func (c *conn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// buffer is one direction of a connection. Its size is unlimited.
type buffer struct {
	mu      sync.Mutex // guards the fields below
	changed sync.Cond
	data    []byte
	err     error // returned once data is empty; net.ErrClosed is returned at once
	expired bool
	timer   *time.Timer
	armed   int // how many times a deadline was set
}

func newBuffer() *buffer {
	b := &buffer{}
	b.changed.L = &b.mu
	return b
}

func (b *buffer) read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.data) == 0 && b.err == nil && !b.expired {
		b.changed.Wait()
	}
	switch {
	case b.err == net.ErrClosed:
		return 0, b.err
	case b.expired:
		return 0, os.ErrDeadlineExceeded
	case len(b.data) == 0:
		return 0, b.err
	}
	n := copy(p, b.data)
	b.data = b.data[n:]
	return n, nil
}

func (b *buffer) write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch b.err {
	case nil:
		b.data = append(b.data, p...)
		b.changed.Broadcast()
		return len(p), nil
	case io.EOF: // this end was closed
		return 0, net.ErrClosed
	default: // the other end was closed
		return 0, syscall.EPIPE
	}
}

func (b *buffer) close(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.err = err
	}
	if b.timer != nil {
		b.timer.Stop()
	}
	b.changed.Broadcast()
}

func (b *buffer) setDeadline(t time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timer != nil {
		b.timer.Stop()
	}
	b.expired = false
	b.armed++
	if t.IsZero() {
		return nil
	}
	if left := time.Until(t); left <= 0 {
		b.expired = true
	} else {
		armed := b.armed
		b.timer = time.AfterFunc(left, func() { b.expire(armed) })
	}
	b.changed.Broadcast()
	return nil
}

func (b *buffer) expire(armed int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.armed == armed { // the deadline has not been set again since
		b.expired = true
		b.changed.Broadcast()
	}
}
