// Package network is the way between clients and a hub: connections that
// behave as a [fault.Network] says.
package network

import (
	"net"
	"sync"
	"sync/atomic"

	"moduletwin/pkg/localhub/fault"
)

// Conditions are what all connections of a hub go through. The zero value is
// a good network.
type Conditions struct {
	now atomic.Pointer[period]

	mu   sync.Mutex // guards now against writers, and held
	held []net.Conn // closed by the hub while nothing arrived
}

// period is the time during which the conditions stay the same.
type period struct {
	fault.Network
	over chan struct{} // closed at its end
}

// Set changes the conditions for connections that are open and for those to
// come.
func (c *Conditions) Set(to fault.Network) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.now.Swap(&period{Network: to, over: make(chan struct{})})
	if before != nil {
		close(before.over)
	}
	if !to.Blackhole {
		for _, conn := range c.held {
			conn.Close()
		}
		c.held = nil
	}
}

// Refuses reports whether new connections are ended at once.
func (c *Conditions) Refuses() bool {
	now := c.now.Load()
	return now != nil && now.Refuse
}

// hold keeps conn open, as its end cannot arrive; it reports whether that is
// so.
func (c *Conditions) hold(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now.Load(); now == nil || !now.Blackhole {
		return false
	}
	c.held = append(c.held, conn)
	return true
}
