package localhub_test

import (
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/localhub"
)

const (
	responses = "$iothub/twin/res/#"
	desired   = "$iothub/twin/PATCH/properties/desired/#"
)

func TestTwinOverMQTT(t *testing.T) {
	hub := localhub.New(t)
	c, _ := signIn(t, hub, hub.AddModule("d", "m"))
	c.subscribe(responses, desired)

	topic, body := c.request("$iothub/twin/GET/?$rid=1", " ")
	if topic != "$iothub/twin/res/200/?$rid=1" || body != `{"desired":{"$version":1},"reported":{"$version":1}}` {
		t.Errorf("a fresh twin is %s on %s", body, topic)
	}
	topic, body = c.request("$iothub/twin/PATCH/properties/reported/?$rid=2", `{"a":{"b":1},"c":null}`)
	if topic != "$iothub/twin/res/204/?$rid=2&$version=2" || body != "" {
		t.Errorf("a report is answered by %q on %s", body, topic)
	}
	if version, err := hub.PatchDesired("d", "m", map[string]any{"x": 1, "y": nil}); version != 2 || err != nil {
		t.Fatalf("PatchDesired = %d, %v", version, err)
	}
	change := expect[*packets.PublishPacket](c)
	if change.TopicName != "$iothub/twin/PATCH/properties/desired/?$version=2" || string(change.Payload) != `{"x":1,"y":null,"$version":2}` || change.Qos != 1 {
		t.Errorf("the change is %s on %s at QoS %d", change.Payload, change.TopicName, change.Qos)
	}
	_, body = c.request("$iothub/twin/GET/?$rid=3", "")
	if body != `{"desired":{"x":1,"$version":2},"reported":{"a":{"b":1},"$version":2}}` {
		t.Errorf("the twin is %s", body)
	}
}

func TestStoredSubscriptions(t *testing.T) {
	hub := localhub.New(t)
	module := hub.AddModule("d", "m")
	first, present := signIn(t, hub, module)
	if present {
		t.Error("a session is present before the first sign-in")
	}
	first.subscribe(desired)

	second, present := signIn(t, hub, module)
	first.expectEnd()
	if !present {
		t.Error("no session is present after the second sign-in")
	}
	hub.PatchDesired("d", "m", map[string]any{"x": 1})
	expect[*packets.PublishPacket](second)

	hub.ForgetSessions()
	second.expectEnd()
	if _, present = signIn(t, hub, module); present {
		t.Error("a forgotten session is present")
	}
}
