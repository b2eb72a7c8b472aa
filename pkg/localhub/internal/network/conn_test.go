package network

import (
	"net"
	"testing"
	"time"

	"moduletwin/pkg/localhub/fault"
)

// The hub cannot read from a closed connection, even if a black hole keeps the
// end from the client.
func TestHeldConnection(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	conditions := new(Conditions)
	conditions.Set(fault.Network{Blackhole: true})
	conn := NewConn(here, conditions)
	conn.Close()
	conn.SetReadDeadline(time.Now().Add(time.Hour))
	if _, err := conn.Read(make([]byte, 1)); err != net.ErrClosed {
		t.Errorf("Read: %v, want net.ErrClosed", err)
	}
	conditions.Set(fault.Network{})
}
