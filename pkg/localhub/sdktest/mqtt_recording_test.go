package sdktest

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/localhub"
)

// mqttRecording is what an SDK of the module side sends over the wire.
type mqttRecording struct {
	name       string
	module     [2]string // the ids of device and module; by default "d" and "m"
	username   string
	fields     string // the fields of its tokens
	resource   string // the resource in its tokens, escaped as the SDK does it
	keepAlive  uint16
	subscribes [][]filter // packet by packet
	again      bool       // whether it subscribes again after a loss
	qos        byte       // the QoS of what it publishes
	rid        string
	get        string // the body of a request for the twin
	webSocket  handshake
}

type filter struct {
	name string
	qos  byte
}

// handshake is how an SDK requests MQTT over WebSocket.
type handshake struct{ subprotocol, query string }

const (
	answersFilter = "$iothub/twin/res/#"
	desiredFilter = "$iothub/twin/PATCH/properties/desired/#"
	methodsFilter = "$iothub/methods/POST/#"
)

var dotNet = mqttRecording{
	name:       ".NET",
	username:   "gateway.example/d/m/?api-version=2020-09-30&DeviceClientType=.NET%2F1.42.0%20%28.NET%208.0.8%3B%20Linux%3B%20X64%29",
	fields:     "sr={sr}&sig={sig}&se={se}",
	keepAlive:  300,
	subscribes: [][]filter{{{answersFilter, 1}}, {{desiredFilter, 1}}, {{methodsFilter, 1}}, {{"devices/d/modules/m/#", 1}}},
	again:      true,
	rid:        "8a0b5f6e-2b3c-4f0e-9d5a-0c1d2e3f4a5b",
	webSocket:  handshake{subprotocol: "mqtt"},
}

// dotNetEscaping is .NET with ids that need escaping. In a token, it escapes
// the ids first and then again as part of the resource, see
// ModuleAuthenticationWithSakRefresh.cs and azure-iot-sdk-csharp#875; it does
// so nowhere else.
var dotNetEscaping = mqttRecording{
	name:       ".NET with special characters in the ids",
	module:     [2]string{"n@m.et#st", "a+b$c"},
	username:   "gateway.example/n@m.et#st/a+b$c/?api-version=2020-09-30&DeviceClientType=.NET%2F1.42.0%20%28.NET%208.0.8%3B%20Linux%3B%20X64%29",
	fields:     dotNet.fields,
	resource:   "localhost%2Fdevices%2Fn%2540m.et%2523st%2Fmodules%2Fa%252Bb%2524c",
	keepAlive:  300,
	subscribes: [][]filter{{{answersFilter, 1}}, {{desiredFilter, 1}}, {{methodsFilter, 1}}, {{"devices/n@m.et#st/modules/a+b$c/#", 1}}},
	again:      true,
	rid:        dotNet.rid,
	webSocket:  dotNet.webSocket,
}

var mqttRecordings = []mqttRecording{
	{
		name:       "Python",
		username:   "localhost/d/m/?api-version=2019-10-01&DeviceClientType=azure-iot-device-iothub-py%2F2.14.0%283.11.7%3BLinux%206.1%3Bx86_64%29",
		fields:     "sr={sr}&sig={sig}&se={se}",
		keepAlive:  60,
		subscribes: [][]filter{{{answersFilter, 1}}, {{desiredFilter, 1}}, {{methodsFilter, 1}}, {{"devices/d/modules/m/inputs/#", 1}}},
		qos:        1,
		rid:        "8a0b5f6e-2b3c-4f0e-9d5a-0c1d2e3f4a5b",
		get:        " ",
		webSocket:  handshake{subprotocol: "mqtt"},
	},
	{
		name:       "Node.js",
		username:   "localhost/d/m/?api-version=2021-04-12&model-id=dtmi:com:example:Thermostat;1&DeviceClientType=azure-iot-device%2F1.18.4%20(node%20v20.20.2%3B%20Debian%2012%3B%20x64)",
		fields:     "sr={sr}&sig={sig}&se={se}",
		keepAlive:  180,
		subscribes: [][]filter{{{answersFilter, 0}}, {{desiredFilter, 0}}, {{methodsFilter, 0}}, {{"devices/d/modules/m/inputs/#", 1}}},
		rid:        "8a0b5f6e-2b3c-4f0e-9d5a-0c1d2e3f4a5b",
		get:        " ",
		webSocket:  handshake{subprotocol: "mqtt"},
	},
	dotNet,
	dotNetEscaping,
	{
		name:       "Java",
		username:   "localhost/d/m/?api-version=2020-09-30&DeviceClientType=com.microsoft.azure.sdk.iot.iot-device-client%2F2.5.0%20%2811.0.2%3B%20Linux%3B%20amd64%29",
		fields:     "sr={sr}&sig={sig}&se={se}",
		keepAlive:  230,
		subscribes: [][]filter{{{"devices/d/modules/m/messages/devicebound/#", 1}}, {{methodsFilter, 1}}, {{answersFilter, 1}}, {{desiredFilter, 1}}},
		again:      true,
		qos:        1,
		rid:        "0",
		webSocket:  handshake{"mqtt", "?iothub-no-client-cert=true"},
	},
	{
		name:       "C",
		username:   "localhost/d/m/?api-version=2020-09-30&DeviceClientType=iothubclient%2f1.9.1%20(native%3b%20Linux%3b%20x86_64)",
		fields:     "sr={sr}&sig={sig}&se={se}",
		resource:   "localhost%2fdevices%2fd%2fmodules%2fm",
		keepAlive:  240,
		subscribes: [][]filter{{{answersFilter, 0}, {desiredFilter, 0}, {methodsFilter, 0}, {"devices/d/modules/m/#", 1}}},
		again:      true,
		rid:        "10",
		webSocket:  handshake{subprotocol: "MQTT"},
	},
	{
		name:       "C of the year 2017",
		username:   "localhost/d/m/DeviceClientType=iothubclient%2f1.1.14%20(native%3b%20Linux%3b%20x86_64)&api-version=2016-11-14",
		fields:     "sr={sr}&sig={sig}&se={se}&skn=",
		resource:   "localhost%2fdevices%2fd%2fmodules%2fm",
		keepAlive:  240,
		subscribes: [][]filter{{{answersFilter, 0}, {desiredFilter, 0}}},
		again:      true,
		rid:        "10",
		webSocket:  handshake{subprotocol: "MQTT"},
	},
}

// TestModuleRecordings replays the module side of the SDKs over both
// transports, including SDKs that are not run.
func TestModuleRecordings(t *testing.T) {
	for _, p := range mqttRecordings {
		t.Run(p.name+" over MQTT", func(t *testing.T) { p.play(t, dialTLS) })
		t.Run(p.name+" over WebSocket", func(t *testing.T) { p.play(t, p.webSocket.dial) })
	}
}

// play signs in, uses the twin, and signs in again while the first connection
// is still open.
func (p mqttRecording) play(t *testing.T, dial dialer) {
	hub := localhub.New(t)
	first := p.signIn(t, hub, dial, false)
	p.subscribe(first)
	p.useTwin(first)
	p.hear(first, hub, 2)

	second := p.signIn(t, hub, dial, true)
	first.expectEnd()
	if p.again {
		p.subscribe(second)
	}
	p.hear(second, hub, 3)
	p.useTwin(second)
}

func (p mqttRecording) signIn(t *testing.T, hub *localhub.Hub, dial dialer, remembered bool) *wire {
	t.Helper()
	device, module := p.ids()
	key := hub.AddModule(device, module).SharedAccessKey
	resource := cmp.Or(p.resource, "localhost%2Fdevices%2Fd%2Fmodules%2Fm")
	w := &wire{t: t, Conn: dial(t, hub)}
	w.connect(device+"/"+module, p.username, signed(key, p.fields, resource), p.keepAlive, remembered)
	return w
}

func (p mqttRecording) ids() (device, module string) {
	return cmp.Or(p.module[0], "d"), cmp.Or(p.module[1], "m")
}

func (p mqttRecording) subscribe(w *wire) {
	w.t.Helper()
	for _, filters := range p.subscribes {
		w.subscribe(filters)
	}
}

// granted returns the QoS of the subscription with the given name.
func (p mqttRecording) granted(name string) byte {
	for _, filters := range p.subscribes {
		for _, f := range filters {
			if f.name == name {
				return f.qos
			}
		}
	}
	return 0
}

// useTwin reads the twin, reports, and sends a report that is refused. The
// responses have their parameters in the order that Java needs, and each
// refusal has a body, without which Node.js would take it for a success.
func (p mqttRecording) useTwin(w *wire) {
	w.t.Helper()
	w.publish("$iothub/twin/GET/?$rid="+p.rid, p.get, p.qos)
	topic, body := w.hear(p.granted(answersFilter))
	if topic != "$iothub/twin/res/200/?$rid="+p.rid || !strings.HasPrefix(body, `{"desired":{`) {
		w.t.Errorf("the twin is %s on %s", body, topic)
	}
	w.publish("$iothub/twin/PATCH/properties/reported/?$rid="+p.rid, `{"a":1}`, p.qos)
	topic, body = w.hear(p.granted(answersFilter))
	if !strings.HasPrefix(topic, "$iothub/twin/res/204/?$rid="+p.rid+"&$version=") || body != "" {
		w.t.Errorf("a report is answered by %q on %s", body, topic)
	}
	w.publish("$iothub/twin/PATCH/properties/reported/?$rid="+p.rid, `{"a.b":1}`, p.qos)
	topic, body = w.hear(p.granted(answersFilter))
	if topic != "$iothub/twin/res/400/?$rid="+p.rid || !strings.Contains(body, `"errorCode":400004,`) {
		w.t.Errorf("a bad report is answered by %s on %s", body, topic)
	}
}

// hear makes a change and checks its notification, with the version in topic
// and body.
func (p mqttRecording) hear(w *wire, hub *localhub.Hub, version int64) {
	w.t.Helper()
	device, module := p.ids()
	got, err := hub.PatchDesired(device, module, map[string]any{"x": 1})
	if err != nil || got != version {
		w.t.Fatalf("PatchDesired = %d, %v", got, err)
	}
	topic, body := w.hear(p.granted(desiredFilter))
	if topic != desiredTopic(version) || body != fmt.Sprintf(`{"x":1,"$version":%d}`, version) {
		w.t.Errorf("the change is %s on %s", body, topic)
	}
}

// TestOrder sends many notifications to a client that acknowledges none until
// it has received them all, and then all in order, as the .NET SDK has to.
func TestOrder(t *testing.T) {
	const count = 200
	hub := localhub.New(t)
	p := dotNet
	w := p.signIn(t, hub, dialTLS, false)
	p.subscribe(w)
	for range count {
		if _, err := hub.PatchDesired("d", "m", map[string]any{"x": 1}); err != nil {
			t.Fatal(err)
		}
	}
	var messages []*packets.PublishPacket
	for i := range count {
		message := next[*packets.PublishPacket](w)
		if want := desiredTopic(int64(i) + 2); message.TopicName != want {
			t.Fatalf("change %d came on %s, want %s", i, message.TopicName, want)
		}
		messages = append(messages, message)
	}
	for i, message := range messages {
		if i > 0 && message.MessageID != messages[i-1].MessageID+1 {
			t.Errorf("packet id %d after %d", message.MessageID, messages[i-1].MessageID)
		}
		w.acknowledge(message)
	}
	w.publish("devices/d/modules/m/messages/events/", "still there", 1)
}

func desiredTopic(version int64) string {
	return fmt.Sprintf("$iothub/twin/PATCH/properties/desired/?$version=%d", version)
}
