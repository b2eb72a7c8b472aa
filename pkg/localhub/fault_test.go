package localhub_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

const (
	getTwin = "$iothub/twin/GET/?$rid=1"
	garbage = "<html><body>Bad Gateway</body></html>"
)

// TestFaultsAtSignIn injects a fault into one CONNECT; the next one succeeds.
func TestFaultsAtSignIn(t *testing.T) {
	for _, row := range []struct {
		failure fault.Failure
		then    func(*client)
	}{
		{fault.Cut(), (*client).expectEnd},
		{fault.CutReset(), (*client).expectReset},
		{fault.CutHalfway(), func(c *client) { c.expectRest("\x20\x02") }},
		{fault.LoseResponse(), (*client).expectEnd},
		{fault.Silence(), (*client).expectSilence},
		{fault.Garbage(), func(c *client) { c.expectRest(garbage) }},
		{fault.Status(3), func(c *client) { c.expectRest("\x20\x02\x00\x03") }},
		{fault.Late(time.Millisecond), (*client).expectConnack},
		{fault.Duplicate(), func(c *client) { c.expectConnack(); c.expectAlive() }},
	} {
		t.Run(row.failure.String(), func(t *testing.T) {
			hub := localhub.New(t)
			module := hub.AddModule("d", "m")
			hub.FailNext(1, fault.SignIn, row.failure)
			c := dial(t, hub)
			c.send(connect(module))
			row.then(c)
			if err := hub.WaitFaults(t.Context(), 1); err != nil || hub.FaultsInjected() != 1 {
				t.Errorf("%d faults, %v", hub.FaultsInjected(), err)
			}
			again, _ := signIn(t, hub, module)
			again.expectAlive()
		})
	}
}

func (c *client) expectConnack() {
	c.t.Helper()
	if connack := expect[*packets.ConnackPacket](c); connack.ReturnCode != 0 {
		c.t.Errorf("CONNACK code %d", connack.ReturnCode)
	}
}

// expectHalf checks that the connection ends in the middle of a PUBLISH of QoS
// 1.
func (c *client) expectHalf() {
	c.t.Helper()
	rest := c.readRest()
	_, err := packets.ReadPacket(strings.NewReader(rest))
	if !strings.HasPrefix(rest, "\x32") || !errors.Is(err, io.ErrUnexpectedEOF) {
		c.t.Errorf("got %q before the end, want half a PUBLISH", rest)
	}
}

func (c *client) expectGarbage() {
	c.t.Helper()
	got := make([]byte, len(garbage))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != garbage {
		c.t.Errorf("got %q, %v, want %q", got, err, garbage)
	}
}

func (c *client) expectReset() {
	c.t.Helper()
	if _, err := io.ReadAll(c); !isReset(err) {
		c.t.Errorf("the connection ended with %v, want a reset", err)
	}
}

// isReset also recognizes WSAECONNRESET of Windows, which package syscall does
// not name.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || runtime.GOOS == "windows" && errors.Is(err, syscall.Errno(10054))
}

// expectSilence checks that for a moment nothing arrives and the connection
// stays open.
func (c *client) expectSilence() {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	n, err := c.Read(make([]byte, 1))
	if timeout := net.Error(nil); !errors.As(err, &timeout) || !timeout.Timeout() {
		c.t.Errorf("Read = %d, %v; want silence", n, err)
	}
}

// TestFaultsInTheMiddle injects faults into requests and notifications of a
// module that is signed in.
func TestFaultsInTheMiddle(t *testing.T) {
	type injected struct {
		at      fault.Point
		failure fault.Failure
	}
	const report = "$iothub/twin/PATCH/properties/reported/?$rid=1"
	end := (*client).expectEnd
	message := func(topic, body string) func(*client) {
		return func(c *client) {
			c.t.Helper()
			if p := expect[*packets.PublishPacket](c); p.TopicName != topic || !strings.Contains(string(p.Payload), body) {
				c.t.Errorf("got %s on %s, want %s on %s", p.Payload, p.TopicName, body, topic)
			}
		}
	}
	twice := func(once func(*client)) func(*client) { return func(c *client) { c.t.Helper(); once(c); once(c) } }
	const notice, found, done = "$iothub/twin/PATCH/properties/desired/?$version=2", "$iothub/twin/res/200/?$rid=1", "$iothub/twin/res/204/?$rid=1&$version=2"
	for _, row := range []struct {
		injected
		reported int64 // the version of the reported properties afterwards
		then     func(*client)
	}{
		{injected{fault.TwinGet, fault.Cut()}, 1, end},
		{injected{fault.TwinGet, fault.CutReset()}, 1, (*client).expectReset},
		{injected{fault.TwinGet, fault.CutHalfway()}, 1, (*client).expectHalf},
		{injected{fault.TwinGet, fault.LoseResponse()}, 1, end},
		{injected{fault.TwinGet, fault.Silence()}, 1, (*client).expectAlive},
		{injected{fault.TwinGet, fault.Status(429)}, 1, message("$iothub/twin/res/429/?$rid=1", `"errorCode":429003`)},
		{injected{fault.TwinGet, fault.Status(500)}, 1, message("$iothub/twin/res/500/?$rid=1", `"errorCode":500001`)},
		{injected{fault.TwinGet, fault.Status(504)}, 1, message("$iothub/twin/res/504/?$rid=1", `"errorCode":504000`)},
		{injected{fault.TwinGet, fault.Garbage()}, 1, message(found, "<html>")},
		{injected{fault.TwinGet, fault.Late(time.Millisecond)}, 1, message(found, `"desired"`)},
		{injected{fault.TwinGet, fault.Duplicate()}, 1, twice(message(found, `"desired"`))},
		{injected{fault.TwinPatch, fault.Cut()}, 1, end},
		{injected{fault.TwinPatch, fault.CutHalfway()}, 2, (*client).expectHalf},
		{injected{fault.TwinPatch, fault.LoseResponse()}, 2, end},
		{injected{fault.TwinPatch, fault.Silence()}, 1, (*client).expectAlive},
		{injected{fault.TwinPatch, fault.Status(503)}, 1, message("$iothub/twin/res/503/?$rid=1", `"errorCode":503001`)},
		{injected{fault.TwinPatch, fault.Garbage()}, 1, message("$iothub/twin/res/502/?$rid=1", "<html>")},
		{injected{fault.TwinPatch, fault.Late(time.Millisecond)}, 2, message(done, "")},
		{injected{fault.Notify, fault.Cut()}, 1, end},
		{injected{fault.Notify, fault.CutReset()}, 1, (*client).expectReset},
		{injected{fault.Notify, fault.CutHalfway()}, 1, (*client).expectHalf},
		{injected{fault.Notify, fault.LoseResponse()}, 1, func(c *client) { message(notice, "")(c); c.expectEnd() }},
		{injected{fault.Notify, fault.Silence()}, 1, (*client).expectAlive},
		{injected{fault.Notify, fault.Status(500)}, 1, (*client).expectAlive},
		{injected{fault.Notify, fault.Garbage()}, 1, message(notice, "<html>")},
		{injected{fault.Notify, fault.Duplicate()}, 1, twice(message(notice, `"x":1`))},
		{injected{fault.Notify, fault.Late(time.Millisecond)}, 1, message(notice, `"x":1`)},
	} {
		t.Run(row.at.String()+" "+row.failure.String(), func(t *testing.T) {
			hub := localhub.New(t)
			c, _ := signIn(t, hub, hub.AddModule("d", "m"))
			c.subscribe(responses, desired)
			hub.FailNext(1, row.at, row.failure)
			switch row.at {
			case fault.TwinGet:
				c.publish(getTwin, "")
			case fault.TwinPatch:
				c.publish(report, `{"r":1}`)
			default:
				hub.PatchDesired("d", "m", map[string]any{"x": 1})
			}
			if err := hub.WaitFaults(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			row.then(c)
			if twin, _ := hub.Twin("d", "m"); twin.Properties.Reported.Version() != row.reported {
				t.Errorf("the reported properties have version %d, want %d", twin.Properties.Reported.Version(), row.reported)
			}
		})
	}
}

// TestFaultsInRefusals checks that faults happen to a response that refuses a
// request, too.
func TestFaultsInRefusals(t *testing.T) {
	refusal := func(c *client) {
		c.t.Helper()
		if p := expect[*packets.PublishPacket](c); !strings.HasPrefix(p.TopicName, "$iothub/twin/res/4") {
			c.t.Errorf("got %s on %s, want a refusal", p.Payload, p.TopicName)
		}
	}
	for _, request := range []struct{ name, topic, body string }{
		{"not JSON", "", "{"},
		{"invalid version", "&$version=x", "{}"},
		{"another version", "&$version=7", "{}"},
		{"too large", "", ofSize(32 << 10)},
	} {
		for _, row := range []struct {
			failure fault.Failure
			then    func(*client)
		}{
			{fault.CutHalfway(), (*client).expectHalf},
			{fault.LoseResponse(), (*client).expectEnd},
			{fault.Duplicate(), func(c *client) { c.t.Helper(); refusal(c); refusal(c) }},
		} {
			t.Run(request.name+" "+row.failure.String(), func(t *testing.T) {
				hub := localhub.New(t)
				c, _ := signIn(t, hub, hub.AddModule("d", "m"))
				c.subscribe(responses)
				hub.FailNext(1, fault.TwinPatch, row.failure)
				c.publish("$iothub/twin/PATCH/properties/reported/?$rid=1"+request.topic, request.body)
				row.then(c)
			})
		}
	}
}

// TestLateRefusal checks that a refusal is as late as any other response.
func TestLateRefusal(t *testing.T) {
	inBubble(t, localhub.Options{}, func(t *testing.T, hub *localhub.Hub, raw func() net.Conn) {
		c := &client{t, tls.Client(raw(), &tls.Config{RootCAs: hub.RootCAs(), ServerName: "localhost"})}
		c.send(connect(hub.AddModule("d", "m")))
		expect[*packets.ConnackPacket](c)
		c.subscribe(responses)
		hub.FailNext(1, fault.TwinPatch, fault.Late(time.Minute))
		start := time.Now()
		c.publish("$iothub/twin/PATCH/properties/reported/?$rid=1", "{")
		expect[*packets.PublishPacket](c)
		if waited := time.Since(start); waited != time.Minute {
			t.Errorf("the refusal came after %v", waited)
		}
		c.Close()
	})
}

// TestFaultsAtSubscribe injects faults into SUBSCRIBE.
func TestFaultsAtSubscribe(t *testing.T) {
	for _, row := range []struct {
		failure    fault.Failure
		then       func(*client)
		subscribed bool // as the session says after the next sign-in
	}{
		{fault.Cut(), (*client).expectEnd, false},
		{fault.Silence(), (*client).expectAlive, false},
		{fault.Status(128), func(c *client) {
			if codes := expect[*packets.SubackPacket](c).ReturnCodes; codes[0] != 0x80 {
				c.t.Errorf("SUBACK codes %v", codes)
			}
		}, false},
		{fault.Garbage(), (*client).expectGarbage, false},
		{fault.LoseResponse(), (*client).expectEnd, true},
		{fault.CutHalfway(), func(c *client) { c.expectRest("\x90\x03\x00") }, true},
	} {
		t.Run(row.failure.String(), func(t *testing.T) {
			hub := localhub.New(t)
			module := hub.AddModule("d", "m")
			c, _ := signIn(t, hub, module)
			hub.FailNext(1, fault.Subscribe, row.failure)
			packet := packets.NewControlPacket(packets.Subscribe).(*packets.SubscribePacket)
			packet.MessageID, packet.Topics, packet.Qoss = 1, []string{desired}, []byte{0}
			c.send(packet)
			row.then(c)
			signIn(t, hub, module)
			state, err := hub.WaitConnection(t.Context(), "d", "m", func(l localhub.ConnectionState) bool { return l.SignIns == 2 })
			if err != nil || state.Subscribed != row.subscribed {
				t.Errorf("subscribed %v, %v, want %v", state.Subscribed, err, row.subscribed)
			}
		})
	}
}

// TestNoHalfOfNothing checks that CutHalfway sends nothing of a response
// without a body.
func TestNoHalfOfNothing(t *testing.T) {
	hub := localhub.New(t)
	hub.AddModule("d", "m")
	hub.FailNext(1, fault.REST, fault.CutHalfway())
	if got, err := newREST(t, hub).try("DELETE", "/devices/d?api-version=2021-04-12", "", "If-Match: *"); err == nil {
		t.Errorf("got a response with status %d", got.status)
	}
	if _, found := hub.Twin("d", ""); found {
		t.Error("the request was not carried out")
	}
}

// TestFaultsAtREST injects a fault into one request to change a twin.
func TestFaultsAtREST(t *testing.T) {
	for _, row := range []struct {
		failure fault.Failure
		status  int // 0 for no response
		body    string
		version int64 // of the desired properties afterwards
	}{
		{fault.Cut(), 0, "", 1},
		{fault.CutReset(), 0, "", 1},
		{fault.CutHalfway(), 0, "", 2},
		{fault.LoseResponse(), 0, "", 2},
		{fault.Silence(), 0, "", 1},
		{fault.Status(429), 429, `"ErrorCode:ThrottlingBacklogTimeout;`, 1},
		{fault.Status(429).WithRetryAfter(3 * time.Second), 429, `"ErrorCode:ThrottlingBacklogTimeout;`, 1},
		{fault.Status(500), 500, `"ErrorCode:ServerError;InternalServerError"`, 1},
		{fault.Status(503), 503, `"ErrorCode:ServiceUnavailable;`, 1},
		{fault.Status(401), 401, `"ErrorCode:IotHubUnauthorizedAccess;Unauthorized"`, 1},
		{fault.Status(5), 500, `"ErrorCode:ServerError;InternalServerError"`, 1}, // a return code of a CONNACK
		{fault.Status(399), 500, `"ErrorCode:ServerError;InternalServerError"`, 1},
		{fault.Status(400), 400, `"ErrorCode:GenericBadRequest;BadRequest"`, 1},
		{fault.Status(599), 599, `"ErrorCode:Generic`, 1},
		{fault.Status(1000), 500, `"ErrorCode:ServerError;InternalServerError"`, 1},
		{fault.Garbage(), 200, `<html>`, 1},
		{fault.Late(time.Millisecond), 200, `"x":1`, 2},
		{fault.Duplicate(), 200, `"x":1`, 2},
	} {
		t.Run(row.failure.String(), func(t *testing.T) {
			hub := localhub.New(t)
			hub.AddModule("d", "m")
			r := newREST(t, hub)
			hub.FailNext(1, fault.REST, row.failure)
			if row.failure == fault.Silence() {
				var giveUp context.CancelFunc
				r.ctx, giveUp = context.WithCancel(t.Context())
				go func() {
					hub.WaitFaults(t.Context(), 1)
					giveUp()
				}()
			}
			// PATCH, because no HTTP client repeats it by itself.
			got, err := r.try("PATCH", "/twins/d/modules/m?api-version=2021-04-12", `{"properties":{"desired":{"x":1}}}`)
			if (err == nil) != (row.status != 0) || err == nil && got.status != row.status {
				t.Errorf("got %d, %v, want %d", got.status, err, row.status)
			}
			contains(t, "the body", got.body, row.body)
			if strings.Contains(row.failure.String(), "429") && got.header.Get("Retry-After") == "" != (row.failure == fault.Status(429)) {
				t.Errorf("Retry-After: %q", got.header.Get("Retry-After"))
			}
			if twin, _ := hub.Twin("d", "m"); twin.Properties.Desired.Version() != row.version || hub.FaultsInjected() != 1 {
				t.Errorf("the desired properties have version %d, want %d; %d faults", twin.Properties.Desired.Version(), row.version, hub.FaultsInjected())
			}
		})
	}
}
