package localhub_test

import (
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

// TestBlock checks that a blocked hub refuses modules but not HTTPS requests,
// and that Unblock also ends all other lasting faults.
func TestBlock(t *testing.T) {
	hub := localhub.New(t)
	module := hub.AddModule("d", "m")
	before, _ := signIn(t, hub, module)
	if n := hub.Block(); n != 1 {
		t.Errorf("%d connections were cut", n)
	}
	before.expectEnd()
	for range 3 {
		kept := dial(t, hub)
		kept.send(connect(module))
		if code := expect[*packets.ConnackPacket](kept).ReturnCode; code != packets.ErrRefusedServerUnavailable {
			t.Errorf("CONNACK code %d", code)
		}
	}
	newREST(t, hub).must(200, "GET", "/devices/d", "")

	hub.FailNext(1, fault.REST, fault.Status(429))
	hub.SetNetwork(fault.Network{Refuse: true})
	hub.Stop()
	if err := hub.Unblock(); err != nil {
		t.Fatal(err)
	}
	signIn(t, hub, module)
	newREST(t, hub).must(200, "GET", "/devices/d", "")
}
