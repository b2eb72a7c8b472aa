package localhub_test

import (
	"bytes"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

// logbook collects what is logged.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

// startLogged starts a hub for a test, which reads its log after closing it.
func startLogged(t *testing.T, options localhub.Options) (*localhub.Hub, *logbook) {
	t.Helper()
	log := new(logbook)
	options.Logger = slog.New(slog.NewTextHandler(log, nil))
	hub, err := localhub.Start(&options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(hub.Close)
	return hub, log
}

// TestLog checks that the log has the reason for each refusal, which clients
// are not told, and no key, token or signature.
func TestLog(t *testing.T) {
	hub, log := startLogged(t, localhub.Options{})
	module, other := hub.AddModule("d", "m"), hub.AddModule("d", "m2")
	var secrets []string
	token := func(c iothub.ConnectionString, expiry time.Duration) string {
		token := c.NewSASToken(time.Now().Add(expiry)).Reveal()
		values, _ := url.ParseQuery(strings.TrimPrefix(token, "SharedAccessSignature "))
		secrets = append(secrets, c.SharedAccessKey.Reveal(), values.Get("sig"), url.QueryEscape(values.Get("sig")))
		return token
	}
	r := newREST(t, hub)
	readWrite, service := hub.ConnectionString(localhub.PolicyRegistryReadWrite), hub.ConnectionString(localhub.PolicyService)
	r.do("GET", "/twins/d", "", "Authorization: "+token(readWrite, time.Hour))
	r.do("GET", "/twins/d", "", "Authorization: "+token(service, -time.Hour))
	r.do("GET", "/twins/d", "", "Authorization: "+token(service, time.Hour)+"&sig=again")
	r.do("GET", "/twins/d", "", "Authorization: "+token(service, time.Hour))
	for _, password := range []string{
		token(module, time.Hour), token(module, -3*time.Hour), token(other, time.Hour), token(service, time.Hour),
		module.SharedAccessKey.Reveal(),
	} {
		packet := connect(module)
		packet.Password = []byte(password)
		c := dial(t, hub)
		c.send(packet)
		expect[*packets.ConnackPacket](c)
		c.Close()
	}
	missing := connect(module)
	missing.ClientIdentifier, missing.Username = "d/none", "localhost/d/none/?api-version=2021-04-12"
	c := dial(t, hub)
	c.send(missing)
	c.expectRest("\x20\x02\x00\x05")
	r.client.CloseIdleConnections()
	hub.Close()

	// Text from a client cannot forge a line of the log.
	for line := range strings.Lines(log.text.String()) {
		if !strings.HasPrefix(line, "time=") || strings.ContainsFunc(strings.TrimSuffix(line, "\n"), unicode.IsControl) {
			t.Errorf("a line of the log is %q", line)
		}
	}
	text := strings.ReplaceAll(log.text.String(), `\"`, `'`)
	text = strings.ReplaceAll(text, `\'`, `'`)
	for _, reason := range []string{
		"policy 'registryReadWrite' lacks ServiceConnect",
		"the token expired ", // an hour ago, give or take a second
		"sig appears twice",
		"GET /twins/d: 200",
		"module 'm' on device 'd' is connected",
		"module 'm' on device 'd' is disconnected: the client closed the connection",
		"the signature matches neither key of module 'm' on device 'd'",
		"policy 'service' lacks DeviceConnect",
		"it does not begin with SharedAccessSignature",
		"there is no module 'none' on device 'd'",
	} {
		if !strings.Contains(text, reason) {
			t.Errorf("the log does not say: %s", reason)
		}
	}
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Error("the log contains a secret")
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// TestFaultLog checks that the log names the client that a fault affects, and
// quotes what clients sent.
func TestFaultLog(t *testing.T) {
	hub, log := startLogged(t, localhub.Options{})
	module := hub.AddModule("d", "m")
	hub.FailNext(2, fault.SignIn, fault.Status(3))
	stranger := connect(module)
	stranger.Username, stranger.ClientIdentifier = "?", "\x1b[2J"
	for _, packet := range []*packets.ConnectPacket{connect(module), stranger} {
		c := dial(t, hub)
		c.send(packet)
		expect[*packets.ConnackPacket](c)
		c.Close()
	}
	c, _ := signIn(t, hub, module)
	hub.FailNext(1, fault.Subscribe, fault.Cut())
	c.send(&packets.SubscribePacket{FixedHeader: packets.FixedHeader{MessageType: packets.Subscribe, Qos: 1}, MessageID: 1, Topics: []string{desired}, Qoss: []byte{0}})
	c.expectEnd()
	c, _ = signIn(t, hub, module)
	c.publish("\x1b[2J", "")
	c.expectEnd()
	hub.Close()
	text := strings.ReplaceAll(log.text.String(), `\"`, `'`)
	for _, line := range []string{
		`fault Status(3) at SignIn: module 'm' on device 'd'`,
		`fault Status(3) at SignIn: client '\\x1b[2J'`,
		`fault Cut at Subscribe: module 'm' on device 'd'`,
		`module 'm' on device 'd' is disconnected: a message to the unknown topic '\\x1b[2J'`,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("the log does not say: %s\n%s", line, text)
		}
	}
}

// TestPushedOut checks that the log reports the end that a second client has
// caused before the sign-in of that client, with both addresses.
func TestPushedOut(t *testing.T) {
	hub, log := startLogged(t, localhub.Options{})
	module := hub.AddModule("d", "m")
	var lines []string
	before := ""
	for range 20 {
		c, _ := signIn(t, hub, module)
		from := c.LocalAddr().String()
		if before != "" {
			lines = append(lines, "is disconnected: another client signed in with the same identity, from "+from+`" from=`+before)
		}
		lines = append(lines, `is connected" session=`)
		before = from
	}
	hub.Close()
	rest := log.text.String()
	for _, line := range lines {
		var found bool
		if _, rest, found = strings.Cut(rest, line); !found {
			t.Fatalf("the log does not say at this point: %s\n%s", line, log.text.String())
		}
	}
}

// TestIdentities lists all identities and which of them are connected.
func TestIdentities(t *testing.T) {
	hub := localhub.New(t)
	hub.AddModule("e", "m")
	hub.AddDevice("f")
	c, _ := signIn(t, hub, hub.AddModule("e", "l"))
	c.subscribe(desired)
	newREST(t, hub).must(200, "PUT", "/devices/f", `{"deviceId":"f","status":"disabled"}`, "If-Match: *")
	all := hub.Identities()
	if len(all) != 4 || time.Since(all[1].Since) > time.Minute {
		t.Fatalf("%+v", all)
	}
	all[1].Since = time.Time{}
	for i, want := range []localhub.Identity{
		{DeviceID: "e"},
		{DeviceID: "e", ModuleID: "l", ConnectionState: localhub.ConnectionState{Connected: true, Subscribed: true, RemoteAddr: c.LocalAddr().String(), SignIns: 1}},
		{DeviceID: "e", ModuleID: "m"},
		{DeviceID: "f", Disabled: true},
	} {
		if all[i] != want {
			t.Errorf("%+v, want %+v", all[i], want)
		}
	}
}
