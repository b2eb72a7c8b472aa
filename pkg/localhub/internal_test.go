package localhub

import (
	"net"
	"testing"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub/fault"
)

// A policy whose keys are missing is closed to all, not open to the key of no
// bytes.
func TestPolicyWithoutKeys(t *testing.T) {
	h := New(t)
	h.policyKeys["iothubowner"] = keyPair{}
	owner := iothub.ConnectionString{HostName: "localhost", SharedAccessKeyName: "iothubowner"}
	token := owner.NewSASToken(time.Now().Add(time.Hour))
	if _, err := h.authorize(token.Reveal(), registryWrite, "devices", "d"); err == nil {
		t.Error("a token that was signed with no key opens the hub")
	}
}

// A connection whose end is held back by a black hole is closed all the same
// for the hub.
func TestHeldWire(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	n := &network{}
	n.set(fault.Network{Blackhole: true})
	w := newWire(here, n)
	w.Close()
	w.SetReadDeadline(time.Now().Add(time.Hour))
	if _, err := w.Read(make([]byte, 1)); err != net.ErrClosed {
		t.Errorf("reading gives %v", err)
	}
	n.set(fault.Network{})
}
