package iotmodule_test

import (
	"crypto/tls"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

// BenchmarkPatch measures the time from a change on the hub until the reader
// has the patch, in turns with a bare reader of MQTT packets.
func BenchmarkPatch(b *testing.B) {
	hub := startHub(b)
	next, end := subscribe(b, hub, hub.AddModule("d", "ours"), iotmodule.DefaultTimings)
	defer end()
	bare := dialBare(b, hub, hub.AddModule("d", "floor"))
	var ours, floor figures
	for n := 0; b.Loop(); n++ {
		change := map[string]any{"telemetryInterval": n}
		floor.add(func() { patch(b, hub, "floor", change); bare.notification() })
		ours.add(func() { patch(b, hub, "ours", change); next() })
	}
	b.ReportMetric(ours.median(), "ms")
	b.ReportMetric(floor.median(), "floor-ms")
	b.ReportMetric(ours.median()/floor.median(), "ms-ratio")
	b.ReportMetric(0, "ns/op") // the time of both together means nothing
}

// BenchmarkRecovery measures how long it takes, once the network is back, to
// deliver a change made during the outage. Most of that time is the client's
// pauses: about 75 ms after a cut, more after a longer outage.
func BenchmarkRecovery(b *testing.B) {
	for _, outage := range []time.Duration{0, time.Second} {
		b.Run(fmt.Sprintf("outage=%v", outage), func(b *testing.B) {
			hub := startHub(b)
			module := hub.AddModule("d", "m")
			var took figures
			for n := 0; b.Loop(); n++ {
				next, end := subscribe(b, hub, module, iotmodule.DefaultTimings) // a client that is cut off often makes longer pauses
				if outage > 0 {
					hub.SetNetwork(fault.Network{Refuse: true})
				}
				hub.ResetConnection("d", "m")
				patch(b, hub, "m", map[string]any{"n": n})
				time.Sleep(outage)
				took.add(func() { hub.SetNetwork(fault.Network{}); next() })
				end()
			}
			b.ReportMetric(took.median(), "median-ms")
			b.ReportMetric(slices.Max(took), "worst-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkReconnect is BenchmarkRecovery without the pauses, in turns with
// bare packets: TLS handshake, CONNECT, SUBSCRIBE and the request for the twin.
func BenchmarkReconnect(b *testing.B) {
	hub := startHub(b)
	next, end := subscribe(b, hub, hub.AddModule("d", "ours"), iotmodule.NoPauses)
	defer end()
	module := hub.AddModule("d", "floor")
	config := &tls.Config{RootCAs: hub.RootCAs(), ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	var ours, floor figures
	for n := 0; b.Loop(); n++ {
		floor.add(func() {
			bare := dialBareWith(b, config, module)
			bare.request("$iothub/twin/GET/?$rid=1")
			bare.Close()
		})
		patch(b, hub, "ours", map[string]any{"n": n})
		next()
		hub.ResetConnection("d", "ours")
		ours.add(func() { patch(b, hub, "ours", map[string]any{"missed": n}); next() })
	}
	b.ReportMetric(ours.median(), "ms")
	b.ReportMetric(floor.median(), "floor-ms")
	b.ReportMetric(ours.median()/floor.median(), "ms-ratio")
	b.ReportMetric(0, "ns/op")
}

func startHub(b *testing.B) *localhub.Hub {
	b.Helper()
	hub, err := localhub.Start(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(hub.Close)
	return hub
}

func patch(b *testing.B, hub *localhub.Hub, moduleID string, change map[string]any) {
	b.Helper()
	if _, err := hub.PatchDesired("d", moduleID, change); err != nil {
		b.Fatal(err)
	}
}

// subscribe returns a function that waits for the next patch, and one that
// ends the client.
func subscribe(b *testing.B, hub *localhub.Hub, module iothub.ConnectionString, t iotmodule.Timings) (next, end func()) {
	b.Helper()
	client, err := iotmodule.DialWith(b.Context(), module, &iotmodule.Options{RootCAs: hub.RootCAs()}, t)
	if err != nil {
		b.Fatal(err)
	}
	subscription, err := client.SubscribeDesired(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	pull, stop := iter.Pull2(subscription.Patches())
	next = func() {
		if _, err, ok := pull(); !ok || err != nil {
			b.Fatalf("no patch: %v", err)
		}
	}
	return next, func() { stop(); client.Close() }
}

// bareClient speaks MQTT packet by packet.
type bareClient struct {
	*tls.Conn
	b *testing.B
}

func dialBare(b *testing.B, hub *localhub.Hub, module iothub.ConnectionString) bareClient {
	b.Helper()
	c := dialBareWith(b, &tls.Config{RootCAs: hub.RootCAs()}, module)
	b.Cleanup(func() { c.Close() })
	return c
}

// dialBareWith connects and subscribes.
func dialBareWith(b *testing.B, config *tls.Config, module iothub.ConnectionString) bareClient {
	b.Helper()
	conn, err := tls.Dial("tcp", module.HostName, config)
	if err != nil {
		b.Fatal(err)
	}
	c := bareClient{conn, b}
	connect := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	connect.ProtocolName, connect.ProtocolVersion, connect.Keepalive = "MQTT", 4, 60
	connect.ClientIdentifier = module.DeviceID + "/" + module.ModuleID
	connect.UsernameFlag, connect.Username = true, module.Host()+"/"+connect.ClientIdentifier+"/?api-version=2021-04-12"
	connect.PasswordFlag, connect.Password = true, []byte(module.NewSASToken(time.Now().Add(time.Hour)).Reveal())
	c.exchange(connect)
	subscribe := packets.NewControlPacket(packets.Subscribe).(*packets.SubscribePacket)
	subscribe.MessageID = 1
	subscribe.Topics = []string{"$iothub/twin/res/#", "$iothub/twin/PATCH/properties/desired/#"}
	subscribe.Qoss = []byte{0, 0}
	c.exchange(subscribe)
	return c
}

// exchange sends a packet and reads the one that answers it.
func (c bareClient) exchange(packet packets.ControlPacket) {
	if err := packet.Write(c); err != nil {
		c.b.Fatal(err)
	}
	c.notification()
}

func (c bareClient) request(topic string) {
	request := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	request.TopicName = topic
	c.exchange(request)
}

func (c bareClient) notification() {
	if _, err := packets.ReadPacket(c); err != nil {
		c.b.Fatal(err)
	}
}

// figures are durations in milliseconds.
type figures []float64

func (f *figures) add(what func()) {
	began := time.Now()
	what()
	*f = append(*f, float64(time.Since(began))/float64(time.Millisecond))
}

func (f figures) median() float64 { return slices.Sorted(slices.Values(f))[len(f)/2] }
