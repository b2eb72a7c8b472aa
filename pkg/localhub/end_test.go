package localhub_test

import (
	"bytes"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

// TestBehindTheEnd sends more packets right after a request that ends the
// connection: the hub does not process them.
func TestBehindTheEnd(t *testing.T) {
	hub := localhub.New(t)
	module := hub.AddModule("d", "m")
	c, _ := signIn(t, hub, module)
	hub.FailNext(1, fault.TwinPatch, fault.Cut())
	var all bytes.Buffer
	for _, body := range []string{`{"a":1}`, `{"b":2}`} {
		report := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
		report.TopicName, report.Payload = "$iothub/twin/PATCH/properties/reported/?$rid=1", []byte(body)
		report.Write(&all)
	}
	subscribe := packets.NewControlPacket(packets.Subscribe).(*packets.SubscribePacket)
	subscribe.MessageID, subscribe.Topics, subscribe.Qoss = 1, []string{desired}, []byte{1}
	subscribe.Write(&all)
	c.Write(all.Bytes())
	c.expectEnd()
	again, present := signIn(t, hub, module)
	again.expectAlive()
	if twin, _ := hub.Twin("d", "m"); !present || twin.Properties.Reported.Version() != 1 {
		t.Errorf("session present %v, reported properties %v", present, twin.Properties.Reported)
	}
	state, err := hub.WaitConnection(t.Context(), "d", "m", func(l localhub.ConnectionState) bool { return l.Connected })
	if err != nil || state.Subscribed {
		t.Errorf("a subscription after the end counts: %+v, %v", state, err)
	}
}

// TestCutIsSeenAtOnce checks that every method sees at once that a connection
// was cut, even before the connection's goroutine has noticed.
func TestCutIsSeenAtOnce(t *testing.T) {
	hub := localhub.New(t)
	module := hub.AddModule("d", "m")
	for range 20 {
		c, _ := signIn(t, hub, module)
		c.subscribe(desired)
		if !hub.Disconnect("d", "m") {
			t.Fatal("there was no connection")
		}
		before := hub.FaultsInjected()
		hub.FailNext(1, fault.Notify, fault.Silence())
		hub.PatchDesired("d", "m", map[string]any{"x": 1})
		state, err := hub.WaitConnection(t.Context(), "d", "m", func(localhub.ConnectionState) bool { return true })
		if err != nil || state.Connected || state.Subscribed || hub.Disconnect("d", "m") || hub.FaultsInjected() != before {
			t.Fatalf("the dead connection is still there: %+v, %v", state, err)
		}
		hub.ClearFaults()
	}
}

// TestAnotherVersion sends a CONNECT of MQTT 5, whose layout differs from that
// of MQTT 3.1.1.
func TestAnotherVersion(t *testing.T) {
	hub := localhub.New(t)
	c := dial(t, hub)
	c.Write([]byte("\x10\x13\x00\x04MQTT\x05\x02\x00\x3c\x05\x11\x00\x00\x00\x78\x00\x01d"))
	if connack := expect[*packets.ConnackPacket](c); connack.ReturnCode != 1 {
		t.Errorf("CONNACK code %d, want 1", connack.ReturnCode)
	}
	c.expectEnd()
}

// TestMalformed sends packets that the codec alone would accept.
func TestMalformed(t *testing.T) {
	hub := localhub.New(t)
	module := hub.AddModule("d", "m")

	var reserved bytes.Buffer
	connect(module).Write(&reserved)
	reserved.Bytes()[bytes.Index(reserved.Bytes(), []byte("MQTT"))+5] |= 1
	c := dial(t, hub)
	c.Write(reserved.Bytes())
	c.expectEnd()

	c, _ = signIn(t, hub, module)
	c.Write([]byte("\xa2\x07\x00\x01\x00\x01#\x00\x0a")) // the second topic claims ten bytes that are missing
	c.expectEnd()
}
