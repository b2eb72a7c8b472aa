package localhub_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/event"
)

// TestRefusalsStaySmall checks that strangers, who may send long texts, cannot
// fill the memory of a hub whose events are recorded, or its log.
func TestRefusalsStaySmall(t *testing.T) {
	hub, log := startLogged(t, localhub.Options{})
	recording := hub.RecordEvents(100)
	module := hub.AddModule("d", "m")
	long := strings.Repeat("x", 60<<10)
	unknown := "SharedAccessSignature sr=localhost&sig=" + url.QueryEscape(strings.Repeat("A", 43)+"=") + "&se=9999999999&skn="
	for _, change := range []func(*packets.ConnectPacket){
		func(p *packets.ConnectPacket) {
			p.Username, p.ClientIdentifier = "localhost/"+long+"/?api-version=2021-04-12", long
		},
		func(p *packets.ConnectPacket) {
			p.Username, p.ClientIdentifier = "localhost/d/"+long+"/?api-version=2021-04-12", "d/"+long
		},
		func(p *packets.ConnectPacket) {
			p.Username = "localhost/" + long + "/?api-version=2021-04-12"
		},
		func(p *packets.ConnectPacket) { p.ClientIdentifier = long },
		func(p *packets.ConnectPacket) { p.Username = long },
		func(p *packets.ConnectPacket) { p.Password = []byte(unknown + long) },
	} {
		packet := connect(module)
		change(packet)
		c := dial(t, hub)
		c.send(packet)
		if connack := expect[*packets.ConnackPacket](c); connack.ReturnCode != 5 {
			t.Errorf("CONNACK code %d", connack.ReturnCode)
		}
		c.expectEnd()
	}
	r := newREST(t, hub)
	long = long[:12<<10]
	for _, device := range []string{long, long[:129]} {
		r.must(401, "GET", "/devices/"+device, "", "Authorization: "+unknown+"x")
		r.must(404, "GET", "/devices/"+device, "")
	}
	r.must(404, "GET", "/devices/"+long[:128], "")
	r.must(401, "GET", "/devices/d", "", "Authorization: "+unknown+long)
	r.must(405, long, "/devices/d", "")

	events, _, _ := recording.After(0, 100)
	for _, e := range events {
		if text, err := json.Marshal(e); err != nil || len(text) > 3000 {
			t.Errorf("%v: an event of %d bytes, %v: %.300s", e.Kind, len(text), err, text)
		}
		if len(e.DeviceID) > 128 || len(e.ModuleID) > 128 || len(e.Path) > 600 {
			t.Errorf("an event has ids of %d and %d bytes and a path of %d", len(e.DeviceID), len(e.ModuleID), len(e.Path))
		}
	}
	if n := len(events); n != 15 || events[12].DeviceID != long[:128] {
		t.Errorf("%d events: %v", n, story(events))
	}
	r.client.CloseIdleConnections()
	hub.Close()
	for line := range strings.Lines(log.text.String()) {
		if len(line) > 3000 {
			t.Errorf("a line of %d bytes in the log: %.300s", len(line), line)
		}
	}
}

// TestLargePatches checks that an event leaves out a patch that is too large to
// be remembered. Nulls make a patch large without making the twin large.
func TestLargePatches(t *testing.T) {
	hub := localhub.New(t)
	events := hub.Events(t.Context())
	c, _ := signIn(t, hub, hub.AddModule("d", "m"))
	c.subscribe(responses)
	r := newREST(t, hub)
	nulls := func(bytes int) string {
		var b strings.Builder
		for b.WriteString("{"); b.Len() < bytes-100; {
			fmt.Fprintf(&b, `"%010d":null,`, b.Len())
		}
		fmt.Fprintf(&b, `"%0*d":null}`, bytes-b.Len()-len(`"":null}`), 0)
		return b.String()
	}
	for _, row := range []struct {
		bytes int
		shown bool
	}{{64 << 10, true}, {64<<10 + 1, false}, {200 << 10, false}} {
		patch := nulls(row.bytes)
		check := func(kind event.Kind) {
			t.Helper()
			list := next(t, events, kind)
			e := list[len(list)-1]
			if shown := e.Patch != nil; shown != row.shown || (e.Reason == "the patch is too large to be shown") == row.shown || len(patch) != row.bytes {
				t.Errorf("%v of %d bytes: shown %v, want %v; the reason is %q", kind, len(patch), shown, row.shown, e.Reason)
			}
		}
		c.request("$iothub/twin/PATCH/properties/reported/?$rid=1", patch)
		check(event.ReportedChanged)
		r.must(200, "PATCH", "/twins/d/modules/m", `{"tags":`+patch+`,"properties":{"desired":`+patch+`}}`)
		check(event.TagsChanged)
		check(event.DesiredChanged)
	}
}
