package localhub_test

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/localhub"
)

// pipes is a listener whose connections stay in the process, so that the time
// of a synctest bubble can pass.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.done); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

// inBubble runs test in a synctest bubble, with a hub and a function that
// connects to it.
func inBubble(t *testing.T, options localhub.Options, test func(t *testing.T, hub *localhub.Hub, raw func() net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		listener := pipes{make(chan net.Conn), make(chan struct{})}
		options.Listeners = []net.Listener{listener}
		hub, err := localhub.Start(&options)
		if err != nil {
			t.Fatal(err)
		}
		defer hub.Close()
		test(t, hub, func() net.Conn {
			here, there := net.Pipe()
			listener.conns <- there
			return here
		})
	})
}

// ended returns how long conn stays open.
func ended(conn net.Conn) time.Duration {
	start := time.Now()
	io.Copy(io.Discard, conn)
	return time.Since(start)
}

// TestPatience lets clients stay silent and measures when the hub cuts them
// off.
func TestPatience(t *testing.T) {
	for _, row := range []struct {
		name      string
		keepAlive uint16
		lifetime  time.Duration // of the token
		options   localhub.Options
		want      time.Duration
	}{
		{"one and a half keep-alives", 60, time.Hour, localhub.Options{}, 90 * time.Second},
		{"at most 1767 s", 1200, time.Hour, localhub.Options{}, 1767 * time.Second},
		{"no keep-alive", 0, time.Hour, localhub.Options{}, 1767 * time.Second},
		{"token expired and 5 min", 1177, 10 * time.Minute, localhub.Options{}, 15 * time.Minute},
		{"token expired, no grace", 1177, 10 * time.Minute, localhub.Options{TokenGrace: -1}, 10 * time.Minute},
	} {
		inBubble(t, row.options, func(t *testing.T, hub *localhub.Hub, raw func() net.Conn) {
			module := hub.AddModule("d", "m")
			c := &client{t, tls.Client(raw(), &tls.Config{RootCAs: hub.RootCAs(), ServerName: "localhost"})}
			packet := connect(module)
			packet.Keepalive = row.keepAlive
			packet.Password = []byte(module.NewSASToken(time.Now().Add(row.lifetime)).Reveal())
			c.send(packet)
			expect[*packets.ConnackPacket](c)
			if got := ended(c).Truncate(time.Second); got != row.want {
				t.Errorf("%s: cut after %v, want %v", row.name, got, row.want)
			}
		})
	}
}

// TestSlowPacket checks that a packet may take longer than the keep-alive.
func TestSlowPacket(t *testing.T) {
	inBubble(t, localhub.Options{}, func(t *testing.T, hub *localhub.Hub, raw func() net.Conn) {
		module := hub.AddModule("d", "m")
		c := &client{t, tls.Client(raw(), &tls.Config{RootCAs: hub.RootCAs(), ServerName: "localhost"})}
		packet := connect(module)
		packet.Keepalive = 10
		c.send(packet)
		expect[*packets.ConnackPacket](c)
		for _, b := range []byte("\x30\x29\x00\x26devices/d/modules/m/messages/events/a=bx") {
			time.Sleep(9 * time.Second) // simulated
			if _, err := c.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := hub.WaitConnection(t.Context(), "d", "m", func(l localhub.ConnectionState) bool { return l.Telemetry == 1 }); err != nil {
			t.Fatal(err)
		}
		c.Close()
	})
}

// TestSlowClients checks that the hub cuts off connections that stop at any
// stage of signing in.
func TestSlowClients(t *testing.T) {
	for stage, say := range map[string]func(raw net.Conn, hub *localhub.Hub) net.Conn{
		"nothing at all": func(raw net.Conn, _ *localhub.Hub) net.Conn { return raw },
		"TLS only": func(raw net.Conn, hub *localhub.Hub) net.Conn {
			conn := tls.Client(raw, &tls.Config{RootCAs: hub.RootCAs(), ServerName: "localhost"})
			conn.Handshake()
			return conn
		},
		"the beginning of a CONNECT": func(raw net.Conn, hub *localhub.Hub) net.Conn {
			conn := tls.Client(raw, &tls.Config{RootCAs: hub.RootCAs(), ServerName: "localhost"})
			conn.Write([]byte{0x10, 100, 0})
			return conn
		},
		"the beginning of a request": func(raw net.Conn, hub *localhub.Hub) net.Conn {
			conn := tls.Client(raw, &tls.Config{RootCAs: hub.RootCAs(), ServerName: "localhost"})
			conn.Write([]byte("GET /devices HTTP/1.1\r\nHost:"))
			return conn
		},
	} {
		inBubble(t, localhub.Options{}, func(t *testing.T, hub *localhub.Hub, raw func() net.Conn) {
			conn := say(raw(), hub)
			if got := ended(conn).Truncate(time.Second); got != 30*time.Second {
				t.Errorf("%s: cut after %v, want 30s", stage, got)
			}
			conn.Close()
		})
	}
}

// TestDeafClient checks that the hub disconnects a module that does not read
// what it is sent.
func TestDeafClient(t *testing.T) {
	hub := localhub.New(t)
	c, _ := signIn(t, hub, hub.AddModule("d", "m"))
	c.subscribe(desired)
	patch := make(map[string]any)
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		patch[name] = strings.Repeat("x", 4096)
	}
	for range 600 {
		if _, err := hub.PatchDesired("d", "m", patch); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := hub.WaitConnection(t.Context(), "d", "m", func(l localhub.ConnectionState) bool { return !l.Connected }); err != nil {
		t.Error(err)
	}
}

// TestTooManyConnections checks that a connection over the limit is reset.
func TestTooManyConnections(t *testing.T) {
	hub, err := localhub.Start(&localhub.Options{MaxConnections: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer hub.Close()
	module := hub.AddModule("d", "m")
	first, _ := signIn(t, hub, module)
	second, _ := signIn(t, hub, hub.AddModule("d", "m2"))
	conn, err := net.Dial("tcp", hub.HostName())
	if err == nil {
		conn.SetDeadline(time.Now().Add(testTimeout))
		if _, err := conn.Read(make([]byte, 1)); !isReset(err) {
			t.Errorf("a third connection ends with %v, want a reset", err)
		}
		conn.Close()
	}
	first.expectAlive()
	second.expectAlive()
}
