package network

import (
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Conn is an accepted connection, below TLS.
type Conn struct {
	net.Conn
	conditions *Conditions
	once       sync.Once
	closed     chan struct{}

	readUntil, writeUntil atomic.Int64 // deadlines in Unix nanoseconds, 0 for none
}

// NewConn returns conn under the given conditions.
func NewConn(conn net.Conn, conditions *Conditions) *Conn {
	return &Conn{Conn: conn, conditions: conditions, closed: make(chan struct{})}
}

// Read reads from the connection, under its conditions.
func (c *Conn) Read(p []byte) (int, error) {
	if c.HasClosed() { // the underlying connection may be held open
		return 0, net.ErrClosed
	}
	if now := c.conditions.now.Load(); now != nil && now.Trickle && len(p) > 1 {
		p = p[:1]
	}
	n, err := c.Conn.Read(p)
	if waited := c.pass(&c.readUntil); waited != nil {
		return 0, waited
	}
	return n, err
}

// Write writes p, in the pieces that the conditions let through.
func (c *Conn) Write(p []byte) (int, error) {
	written := 0
	for {
		if err := c.pass(&c.writeUntil); err != nil {
			return written, err
		}
		part := p[written:]
		if now := c.conditions.now.Load(); now != nil && now.Trickle && len(part) > 1 {
			part = part[:1]
		}
		n, err := c.Conn.Write(part)
		written += n
		if err != nil || written == len(p) {
			return written, err
		}
	}
}

// pass waits until the conditions let bytes through. It waits for the end of a
// blackhole no longer than until the deadline.
func (c *Conn) pass(until *atomic.Int64) error {
	for {
		now := c.conditions.now.Load()
		switch {
		case now == nil || !now.Blackhole && now.Latency == 0:
			return nil
		case now.Blackhole:
			if err := c.wait(now.over, untilDeadline(until)); err != nil {
				return err
			}
		default:
			if err := c.wait(nil, now.Latency); err != os.ErrDeadlineExceeded {
				return err
			}
			return nil
		}
	}
}

// wait returns nil when over is closed, [os.ErrDeadlineExceeded] after d unless
// d is negative, and [net.ErrClosed] when c is closed.
func (c *Conn) wait(over <-chan struct{}, d time.Duration) error {
	var late <-chan time.Time
	if d >= 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-over:
		return nil
	case <-late:
		return os.ErrDeadlineExceeded
	case <-c.closed:
		return net.ErrClosed
	}
}

// Pause waits for d and reports whether c is still open then.
func (c *Conn) Pause(d time.Duration) bool { return c.wait(nil, d) != net.ErrClosed }

func untilDeadline(until *atomic.Int64) time.Duration {
	if at := until.Load(); at != 0 {
		return max(0, time.Until(time.Unix(0, at)))
	}
	return -1
}

// Close closes the connection. It never blocks.
func (c *Conn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.Conn.SetDeadline(time.Unix(1, 0)) // ends reads and writes even if the connection is held open
		if !c.conditions.hold(c.Conn) {
			c.Conn.Close()
		}
	})
	return nil
}

// HasClosed reports whether [Conn.Close] was called.
func (c *Conn) HasClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// Reset is Close with a TCP reset (RST), if the connection runs over TCP.
func (c *Conn) Reset() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Close()
}

// SetDeadline is as in [net.Conn]. It also limits how long Read and Write wait
// for the end of a blackhole.
func (c *Conn) SetDeadline(t time.Time) error {
	setUntil(&c.readUntil, t)
	setUntil(&c.writeUntil, t)
	return c.Conn.SetDeadline(t)
}

// SetReadDeadline is SetDeadline for Read only.
func (c *Conn) SetReadDeadline(t time.Time) error {
	setUntil(&c.readUntil, t)
	return c.Conn.SetReadDeadline(t)
}

// SetWriteDeadline is SetDeadline for Write only.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	setUntil(&c.writeUntil, t)
	return c.Conn.SetWriteDeadline(t)
}

func setUntil(until *atomic.Int64, t time.Time) {
	if t.IsZero() {
		until.Store(0)
	} else {
		until.Store(t.UnixNano())
	}
}
