// Package network simulates the network between clients and a hub: its
// connections behave as a [fault.Network] says.
package network

import (
	"net"
	"sync"
	"sync/atomic"

	"moduletwin/pkg/localhub/fault"
)

// Conditions are the network conditions of all connections of a hub. The zero
// value is a good network.
type Conditions struct {
	now atomic.Pointer[period]

	mu   sync.Mutex // serializes changes of now; guards held
	held []net.Conn // closed by the hub during a blackhole, to be really closed after it
}

// period is a time during which the conditions stay the same.
type period struct {
	fault.Network
	over chan struct{} // closed at its end
}

// Set changes the conditions, for connections that are already open as well.
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

// Refuses reports whether new connections are to be reset at once.
func (c *Conditions) Refuses() bool {
	now := c.now.Load()
	return now != nil && now.Refuse
}

// hold keeps conn open until the blackhole is over, as nothing may reach the
// client earlier, not even the end of conn. It returns false if there is no
// blackhole.
func (c *Conditions) hold(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now.Load(); now == nil || !now.Blackhole {
		return false
	}
	c.held = append(c.held, conn)
	return true
}
