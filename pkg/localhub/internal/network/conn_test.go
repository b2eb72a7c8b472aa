package network

import (
	"net"
	"testing"
	"time"

	"moduletwin/pkg/localhub/fault"
)

// A connection whose end is held back by a black hole is closed all the same
// for the hub.
func TestHeldConnection(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	conditions := new(Conditions)
	conditions.Set(fault.Network{Blackhole: true})
	conn := NewConn(here, conditions)
	conn.Close()
	conn.SetReadDeadline(time.Now().Add(time.Hour))
	if _, err := conn.Read(make([]byte, 1)); err != net.ErrClosed {
		t.Errorf("reading gives %v", err)
	}
	conditions.Set(fault.Network{})
}
