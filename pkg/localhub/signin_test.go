package localhub_test

import (
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// TestSignIn lists who may sign in, with the code of CONNACK. The hub answers
// every refusal of valid MQTT 3.1.1 with 5 and closes the connection.
func TestSignIn(t *testing.T) {
	hub := localhub.New(t)
	module := hub.AddModule("d", "m")
	device := hub.AddDevice("d")
	other := hub.AddModule("d", "m2")
	newREST(t, hub).must(200, "PUT", "/devices/off", `{"deviceId":"off","status":"disabled"}`)
	off, offModule := hub.AddDevice("off"), hub.AddModule("off", "m")
	secondary := module
	secondary.SharedAccessKey = secondaryKey(t, hub, "d", "m")
	foreign := module
	foreign.SharedAccessKey = other.SharedAccessKey
	missing := module
	missing.ModuleID = "missing"
	policy := func(name string) iothub.ConnectionString {
		p := hub.ConnectionString(name)
		p.DeviceID, p.ModuleID = "d", "m"
		return p
	}
	at := func(c iothub.ConnectionString, d time.Duration) func(*packets.ConnectPacket) {
		return func(p *packets.ConnectPacket) {
			p.Password = []byte(c.NewSASToken(time.Now().Add(d)).Reveal())
		}
	}
	username := func(name string) func(*packets.ConnectPacket) {
		return func(p *packets.ConnectPacket) { p.Username = name }
	}
	will := func(topic string, qos byte) func(*packets.ConnectPacket) {
		return func(p *packets.ConnectPacket) {
			p.WillFlag, p.WillTopic, p.WillQos, p.WillMessage = true, topic, qos, []byte("gone")
		}
	}
	for _, row := range []struct {
		name     string
		identity iothub.ConnectionString
		change   func(*packets.ConnectPacket)
		code     byte
	}{
		{"module", module, nil, 0},
		{"device", device, nil, 0},
		{"secondary key", secondary, nil, 0},
		{"policy device", policy("device"), nil, 0},
		{"policy iothubowner", policy("iothubowner"), nil, 0},
		{"clean session", module, func(p *packets.ConnectPacket) { p.CleanSession = true }, 0},
		{"token within the grace", module, at(module, -4*time.Minute), 0},
		{"token of the device's audience, policy signed", module, at(iothub.ConnectionString{HostName: "localhost", DeviceID: "d", SharedAccessKeyName: "device", SharedAccessKey: hub.ConnectionString(localhub.PolicyDevice).SharedAccessKey}, time.Hour), 0},
		{"gateway in the user name", module, username("gateway.example/d/m/?api-version=2020-09-30"), 0},
		{"old user name", module, username("localhost/d/m/api-version=2016-11-14"), 0},
		{"old user name, client type first", device, username("localhost/d/DeviceClientType=x/1&api-version=2016-11-14"), 0},
		{"unknown parameters", module, username("localhost/d/m/?x=y&api-version=2021-04-12&model-id=dtmi:a;1"), 0},
		{"will", module, will("devices/d/modules/m/messages/events/", 1), 0},

		{"policy service", policy("service"), nil, 5},
		{"another module's key", foreign, nil, 5},
		{"device's key for the module", module, at(device, time.Hour), 5},
		{"expired token", module, at(module, -6*time.Minute), 5},
		{"no such module", missing, nil, 5},
		{"disabled device", off, nil, 5},
		{"module of a disabled device", offModule, nil, 5},
		{"another client id", module, func(p *packets.ConnectPacket) { p.ClientIdentifier = "d" }, 5},
		{"no api-version", module, username("localhost/d/m/"), 5},
		{"no ids", module, username("localhost/?api-version=2021-04-12"), 5},
		{"too many ids", module, username("localhost/d/m/x/?api-version=2021-04-12"), 5},
		{"no password", module, func(p *packets.ConnectPacket) { p.PasswordFlag = false }, 5},
		{"a key as the password", module, func(p *packets.ConnectPacket) { p.Password = []byte(module.SharedAccessKey.Reveal()) }, 5},
		{"will of another module", module, will("devices/d/modules/m2/messages/events/", 0), 5},
		{"will of QoS 2", module, will("devices/d/modules/m/messages/events/", 2), 5},
		{"MQTT 5", module, func(p *packets.ConnectPacket) { p.ProtocolVersion = 5 }, 1},
		{"MQTT 3.1", module, func(p *packets.ConnectPacket) { p.ProtocolName, p.ProtocolVersion = "MQIsdp", 3 }, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			packet := connect(row.identity)
			if row.change != nil {
				row.change(packet)
			}
			c := dial(t, hub)
			c.send(packet)
			if connack := expect[*packets.ConnackPacket](c); connack.ReturnCode != row.code {
				t.Fatalf("CONNACK code %d, want %d", connack.ReturnCode, row.code)
			}
			if row.code != 0 {
				c.expectEnd()
			} else {
				c.expectAlive()
			}
		})
	}
}

func secondaryKey(t *testing.T, hub *localhub.Hub, device, module string) iothub.Key {
	t.Helper()
	_, rest, _ := strings.Cut(newREST(t, hub).must(200, "GET", "/devices/"+device+"/modules/"+module, "").body, `"secondaryKey":"`)
	key, err := iothub.ParseKey(rest[:strings.IndexByte(rest, '"')])
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestEnds lists what makes the hub close a signed-in connection without a
// reply.
func TestEnds(t *testing.T) {
	publish := func(topic string, qos byte, size int) packets.ControlPacket {
		p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
		p.TopicName, p.Qos, p.MessageID, p.Payload = topic, qos, 1, make([]byte, size)
		return p
	}
	subscribe := func(filters ...string) packets.ControlPacket {
		p := packets.NewControlPacket(packets.Subscribe).(*packets.SubscribePacket)
		p.MessageID, p.Topics, p.Qoss = 1, filters, make([]byte, len(filters))
		return p
	}
	const own, events = "devices/d/modules/m", "devices/d/modules/m/messages/events/"
	for name, packet := range map[string]packets.ControlPacket{
		"QoS 2":                          publish(events, 2, 1),
		"a message that is too long":     publish(events, 1, 256<<10+1),
		"a message that is far too long": publish(events, 1, 1<<20),
		"another module's telemetry":     publish("devices/d/modules/m2/messages/events/", 0, 1),
		"the device's telemetry":         publish("devices/d/messages/events/", 0, 1),
		"an invented topic":              publish("tele/m/LWT", 0, 1),
		"a twin GET without $rid":        publish("$iothub/twin/GET/", 0, 1),
		"desired properties":             publish("$iothub/twin/PATCH/properties/desired/?$rid=1", 0, 1),
		"a subscription to everything":   subscribe("#"),
		"another wildcard":               subscribe("$iothub/twin/+/#"),
		"another module's inputs":        subscribe("devices/d/modules/m2/inputs/#"),
		"the device's messages":          subscribe("devices/d/messages/devicebound/#"),
		"a filter without a wildcard":    subscribe("$iothub/twin/res"),
		"a sixth subscription":           subscribe(responses, desired, "$iothub/methods/POST/#", own+"/#", own+"/inputs/#", own+"/messages/devicebound/#"),
		"no subscription":                subscribe(),
		"a second CONNECT":               connect(iothub.ConnectionString{DeviceID: "d"}),
		"a packet only hubs send":        packets.NewControlPacket(packets.Pingresp),
		"DISCONNECT":                     packets.NewControlPacket(packets.Disconnect),
	} {
		t.Run(name, func(t *testing.T) {
			hub := localhub.New(t)
			c, _ := signIn(t, hub, hub.AddModule("d", "m"))
			packet.Write(c) // fails if the hub has read enough of it already
			c.expectEnd()
		})
	}
}

// TestAccepted lists what SDKs send besides twin requests.
func TestAccepted(t *testing.T) {
	hub := localhub.New(t)
	c, _ := signIn(t, hub, hub.AddModule("d", "m"))
	c.subscribe(responses, desired, "$iothub/methods/POST/#", "devices/d/modules/m/inputs/#", "devices/d/modules/m/messages/devicebound/#")
	for i, topic := range []string{
		"devices/d/modules/m/messages/events/",
		"devices/d/modules/m/messages/events",
		"devices/d/modules/m/messages/events/%24.ct=application%2Fjson&$.ce=utf-8&a=%20/",
		"$iothub/methods/res/200/?$rid=1",
	} {
		p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
		p.TopicName, p.Qos, p.MessageID, p.Retain = topic, 1, uint16(i+1), true
		c.send(p)
		if puback := expect[*packets.PubackPacket](c); puback.MessageID != p.MessageID {
			t.Errorf("%s: PUBACK %d, want %d", topic, puback.MessageID, p.MessageID)
		}
	}
	state, err := hub.WaitConnection(t.Context(), "d", "m", func(l localhub.ConnectionState) bool { return l.Telemetry == 3 })
	if err != nil || !state.Connected || !state.Subscribed || state.SignIns != 1 {
		t.Errorf("WaitConnection = %+v, %v", state, err)
	}
	unsubscribe := packets.NewControlPacket(packets.Unsubscribe).(*packets.UnsubscribePacket)
	unsubscribe.MessageID, unsubscribe.Topics = 9, []string{desired, "never/subscribed"}
	c.send(unsubscribe)
	expect[*packets.UnsubackPacket](c)
	hub.PatchDesired("d", "m", map[string]any{"x": 1})
	c.expectAlive()
}

// TestReportedRefusals lists what a module may not report. Every refusal is an
// object with an errorCode, because the Node.js SDK recognizes nothing else.
func TestReportedRefusals(t *testing.T) {
	hub := localhub.New(t)
	c, _ := signIn(t, hub, hub.AddModule("d", "m"))
	c.subscribe(responses)
	for _, row := range []struct{ topic, body, status, code string }{
		{"", `{"$version":1}`, "400", "400004"},
		{"", `{"a.b":1}`, "400", "400004"},
		{"", `[]`, "400", "400004"},
		{"", `null`, "400", "400004"},
		{"", ``, "400", "400004"},
		{"", `{`, "400", "400004"},
		{"", ofSize(32 << 10), "403", "403100"},
		{"&$version=2", `{}`, "412", "412001"},
		{"&$version=x", `{}`, "400", "400004"},
	} {
		topic, body := c.request("$iothub/twin/PATCH/properties/reported/?$rid=1"+row.topic, row.body)
		if topic != "$iothub/twin/res/"+row.status+"/?$rid=1" {
			t.Errorf("%.20s is answered on %s, want status %s", row.body, topic, row.status)
		}
		contains(t, "the response", body, `"errorCode":`+row.code, `"trackingId":"`, `"message":"`, `"timestampUtc":"`)
	}
	if topic, _ := c.request("$iothub/twin/PATCH/properties/reported/?$rid=1&$version=1", `{"a":1}`); topic != "$iothub/twin/res/204/?$rid=1&$version=2" {
		t.Errorf("a report on the right version is answered on %s", topic)
	}
}

// TestWill checks that the hub takes a client's will for a message unless the
// client sends a DISCONNECT.
func TestWill(t *testing.T) {
	hub := localhub.New(t)
	module := hub.AddModule("d", "m")
	packet := connect(module)
	packet.WillFlag, packet.WillTopic = true, "devices/d/modules/m/messages/events/"
	for _, disconnect := range []bool{true, false} {
		c := dial(t, hub)
		c.send(packet)
		expect[*packets.ConnackPacket](c)
		if disconnect {
			c.send(packets.NewControlPacket(packets.Disconnect))
		}
		c.Close()
		state, err := hub.WaitConnection(t.Context(), "d", "m", func(l localhub.ConnectionState) bool { return !l.Connected })
		if want := map[bool]int{true: 0, false: 1}[disconnect]; err != nil || state.Telemetry != want {
			t.Errorf("disconnect %v: %d messages, %v, want %d", disconnect, state.Telemetry, err, want)
		}
	}
}

// TestIdentityEnds checks that the hub cuts connections whose identity is
// disabled or deleted.
func TestIdentityEnds(t *testing.T) {
	hub := localhub.New(t)
	r := newREST(t, hub)
	module, _ := signIn(t, hub, hub.AddModule("d", "m"))
	device, _ := signIn(t, hub, hub.AddDevice("d"))
	contains(t, "the module", r.must(200, "GET", "/devices/d/modules/m", "").body, `"connectionState":"Connected"`)
	r.must(200, "PUT", "/devices/d", `{"deviceId":"d","status":"disabled"}`, "If-Match: *")
	module.expectEnd()
	device.expectEnd()
	r.must(200, "PUT", "/devices/d", `{"deviceId":"d","status":"enabled"}`, "If-Match: *")
	module, _ = signIn(t, hub, hub.AddModule("d", "m"))
	device, _ = signIn(t, hub, hub.AddDevice("d"))
	r.must(204, "DELETE", "/devices/d/modules/m", "", "If-Match: *")
	module.expectEnd()
	device.expectAlive()
	r.must(204, "DELETE", "/devices/d", "", "If-Match: *")
	device.expectEnd()
}

// TestReplacementNotice checks that a PUT is announced as a merge patch.
func TestReplacementNotice(t *testing.T) {
	hub := localhub.New(t)
	c, _ := signIn(t, hub, hub.AddModule("d", "m"))
	c.subscribe(desired)
	r := newREST(t, hub)
	for _, row := range []struct{ method, body, notice string }{
		{"PATCH", `{"properties":{"desired":{"a":1,"b":{"c":2,"d":3}}}}`, `{"a":1,"b":{"c":2,"d":3},"$version":2}`},
		{"PUT", `{"properties":{"desired":{"b":{"d":4},"e":5}}}`, `{"a":null,"b":{"c":null,"d":4},"e":5,"$version":3}`},
		{"PUT", `{}`, `{"b":null,"e":null,"$version":4}`},
		{"PATCH", `{"properties":{"desired":{"gone":null}}}`, `{"gone":null,"$version":5}`},
		{"PATCH", `{"properties":{"desired":{}}}`, `{"$version":6}`},
	} {
		r.must(200, row.method, "/twins/d/modules/m", row.body)
		if got := expect[*packets.PublishPacket](c); string(got.Payload) != row.notice {
			t.Errorf("%s %s is announced as %s, want %s", row.method, row.body, got.Payload, row.notice)
		}
	}
	r.must(200, "PATCH", "/twins/d/modules/m", `{"tags":{"t":1}}`) // modules are not told about tags
	c.expectAlive()
}
