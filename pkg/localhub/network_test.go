package localhub_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

// TestImmediateFaults cuts and refuses connections at once, without waiting for
// an event.
func TestImmediateFaults(t *testing.T) {
	hub := localhub.New(t)
	module := hub.AddModule("d", "m")
	c, _ := signIn(t, hub, module)
	if !hub.Disconnect("d", "m") || hub.Disconnect("d", "none") {
		t.Error("Disconnect is wrong about who was connected")
	}
	c.expectEnd()

	c, _ = signIn(t, hub, module)
	hub.ResetConnection("d", "m")
	c.expectReset()

	packet := connect(module)
	c = dial(t, hub)
	c.send(packet)
	c.expectConnack()
	hub.ExpireTokens()
	c.expectEnd()
	c = dial(t, hub)
	c.send(packet) // the same token
	c.expectRest("\x20\x02\x00\x05")
	packet.Password = []byte(module.NewSASToken(time.Now().Add(2 * time.Hour)).Reveal())
	c = dial(t, hub)
	c.send(packet)
	c.expectConnack()

	hub.Stop()
	c.expectEnd()
	if conn, err := net.Dial("tcp", hub.HostName()); err == nil {
		t.Errorf("after Stop, something listens at %s", conn.RemoteAddr())
	}
	if err := hub.Resume(); err != nil {
		t.Fatal(err)
	}
	c = dial(t, hub)
	c.send(packet)
	if connack := expect[*packets.ConnackPacket](c); !connack.SessionPresent {
		t.Error("Stop and Resume lost the session")
	}
	if err := hub.Restart(); err != nil {
		t.Fatal(err)
	}
	c.expectEnd()
	if _, found := hub.Twin("d", "m"); !found {
		t.Error("Restart lost the twin")
	}
	if err := hub.RestartEmpty(); err != nil {
		t.Fatal(err)
	}
	if _, found := hub.Twin("d", "m"); found {
		t.Error("RestartEmpty kept the twin")
	}
}

// TestNetwork changes the network conditions of an open connection.
func TestNetwork(t *testing.T) {
	hub := localhub.New(t)
	module := hub.AddModule("d", "m")
	c, _ := signIn(t, hub, module)
	c.subscribe(responses, desired)

	hub.SetNetwork(fault.Network{Trickle: true, Latency: time.Millisecond})
	c.expectAlive()

	hub.SetNetwork(fault.Network{Blackhole: true})
	hub.PatchDesired("d", "m", map[string]any{"x": 1})
	c.expectSilence()
	hub.SetNetwork(fault.Network{})
	c.SetDeadline(time.Now().Add(testTimeout))
	expect[*packets.PublishPacket](c)

	hub.SetNetwork(fault.Network{Blackhole: true})
	hub.Disconnect("d", "m")
	c.expectSilence() // the end is lost, too
	hub.SetNetwork(fault.Network{Refuse: true})
	c.SetDeadline(time.Now().Add(testTimeout))
	c.expectEnd()
	conn, err := net.Dial("tcp", hub.HostName())
	if err == nil {
		conn.SetDeadline(time.Now().Add(testTimeout))
		if _, err := conn.Read(make([]byte, 1)); !isReset(err) {
			t.Errorf("a refused connection ends with %v", err)
		}
		conn.Close()
	}
	hub.SetNetwork(fault.Network{})
	signIn(t, hub, module)
}

// TestStopAndResume calls both concurrently: in the end, the last call counts.
func TestStopAndResume(t *testing.T) {
	hub := localhub.New(t)
	module := hub.AddModule("d", "m")
	var sides sync.WaitGroup
	for range 4 {
		sides.Go(func() {
			for range 10 {
				hub.Stop()
				if err := hub.Resume(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	sides.Wait()
	if err := hub.Resume(); err != nil {
		t.Fatal(err)
	}
	signIn(t, hub, module)
}

// TestCloseInTrouble closes a hub while clients hang in every way.
func TestCloseInTrouble(t *testing.T) {
	hub, err := localhub.Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	module := hub.AddModule("d", "m")
	signIn(t, hub, module)
	dial(t, hub)
	hub.FailNext(1, fault.SignIn, fault.Late(time.Hour))
	dial(t, hub).send(connect(module))
	hub.FailNext(1, fault.REST, fault.Silence())
	r := newREST(t, hub)
	go r.client.Get("https://" + hub.HostName() + "/devices")
	if err := hub.WaitFaults(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	hub.SetNetwork(fault.Network{Blackhole: true})
	hub.Close()
	hub.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := hub.WaitConnection(ctx, "d", "m", func(localhub.ConnectionState) bool { return false }); err == nil {
		t.Error("WaitConnection on a closed hub returned nil")
	}
}

// TestStopAfterStopFor checks that the last call counts, even if Stop is called
// just when StopFor's time is over.
func TestStopAfterStopFor(t *testing.T) {
	for range 50 {
		inBubble(t, localhub.Options{}, func(t *testing.T, hub *localhub.Hub, raw func() net.Conn) {
			hub.StopFor(time.Second)
			time.Sleep(time.Second)
			hub.Stop()
			synctest.Wait()
			if stopped, _ := hub.Stopped(); !stopped {
				t.Fatal("the hub listens, although Stop was called last")
			}
		})
	}
}
