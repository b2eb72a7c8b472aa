package localhub_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/localhub"
)

// floods are ways to hold a connection open without signing in. Each starts on
// a connection to a hub and returns when the hub is waiting for more.
var floods = map[string]func(raw net.Conn, config *tls.Config) (net.Conn, error){
	"silent TCP": func(raw net.Conn, _ *tls.Config) (net.Conn, error) { return raw, nil },
	"half a TLS handshake": func(raw net.Conn, _ *tls.Config) (net.Conn, error) {
		_, err := raw.Write([]byte("\x16\x03\x01\x02\x00\x01\x00"))
		return raw, err
	},
	"TLS without a byte": func(raw net.Conn, config *tls.Config) (net.Conn, error) {
		conn := tls.Client(raw, config)
		return conn, conn.Handshake()
	},
	"half a CONNECT": func(raw net.Conn, config *tls.Config) (net.Conn, error) {
		conn := tls.Client(raw, config)
		_, err := conn.Write([]byte("\x10\x64\x00\x04MQTT"))
		return conn, err
	},
	"half a header": func(raw net.Conn, config *tls.Config) (net.Conn, error) {
		conn := tls.Client(raw, config)
		_, err := conn.Write([]byte("GET /devices HTTP/1.1\r\nHost: "))
		return conn, err
	},
	"kept alive after a 401": func(raw net.Conn, config *tls.Config) (net.Conn, error) {
		conn := tls.Client(raw, config)
		return conn, get(conn, "", http.StatusUnauthorized)
	},
	"a WebSocket without a CONNECT": func(raw net.Conn, config *tls.Config) (net.Conn, error) {
		conn := tls.Client(raw, config)
		_, err := io.WriteString(conn, "GET /$iothub/websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n")
		if err == nil {
			_, err = http.ReadResponse(bufio.NewReader(conn), nil)
		}
		return conn, err
	},
}

// get sends a request, checks the status and leaves the connection open.
func get(conn net.Conn, token string, want int) error {
	_, err := io.WriteString(conn, "GET /devices?api-version=2021-04-12 HTTP/1.1\r\nHost: x\r\nAuthorization: "+token+"\r\n\r\n")
	if err != nil {
		return err
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != want {
		return errors.New(response.Status)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

// TestFloods takes all places without signing in: a module and a back end still
// get a place at once, and those that had one keep it.
func TestFloods(t *testing.T) {
	const places = 8
	for kind, begin := range floods {
		t.Run(kind, func(t *testing.T) {
			hub, err := localhub.Start(&localhub.Options{MaxConnections: places})
			if err != nil {
				t.Fatal(err)
			}
			defer hub.Close()
			first, _ := signIn(t, hub, hub.AddModule("d", "first"))
			backEnd := dial(t, hub)
			token := hub.ConnectionString(localhub.PolicyIoTHubOwner).NewSASToken(time.Now().Add(time.Hour)).Reveal()
			if err := get(backEnd, token, http.StatusOK); err != nil {
				t.Fatal(err)
			}

			var flood []net.Conn
			for range 2 * places {
				raw, err := net.Dial("tcp", hub.Addresses()[0])
				if err != nil {
					t.Fatal(err)
				}
				defer raw.Close()
				conn, err := begin(raw, &tls.Config{RootCAs: hub.RootCAs(), ServerName: "localhost"})
				if err != nil {
					t.Fatal(err)
				}
				conn.SetDeadline(time.Now().Add(testTimeout))
				flood = append(flood, conn)
			}
			for _, conn := range flood[:places] {
				if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
					t.Fatal("the oldest connections of the flood are still open")
				}
			}

			second, _ := signIn(t, hub, hub.AddModule("d", "second"))
			if err := get(dial(t, hub), token, http.StatusOK); err != nil {
				t.Errorf("a new back end: %v", err)
			}
			first.expectAlive()
			second.expectAlive()
			if err := get(backEnd, token, http.StatusOK); err != nil {
				t.Errorf("a back end that was there before: %v", err)
			}
		})
	}
}

// stumbling is a listener that fails on demand.
type stumbling struct {
	pipes
	fail chan error
}

func (s stumbling) Accept() (net.Conn, error) {
	select {
	case err := <-s.fail:
		return nil, err
	case conn := <-s.conns:
		return conn, nil
	case <-s.done:
		return nil, net.ErrClosed
	}
}

// TestAcceptErrors makes a listener fail in several ways: the hub goes on
// accepting. If the process is out of file descriptors, the hub closes a
// connection that has not signed in.
func TestAcceptErrors(t *testing.T) {
	noFiles := &net.OpError{Op: "accept", Err: os.NewSyscallError("accept", syscall.EMFILE)}
	synctest.Test(t, func(t *testing.T) {
		listener := stumbling{pipes{make(chan net.Conn), make(chan struct{})}, make(chan error)}
		hub, err := localhub.Start(&localhub.Options{Listeners: []net.Listener{listener}})
		if err != nil {
			t.Fatal(err)
		}
		defer hub.Close()
		raw := func() net.Conn {
			here, there := net.Pipe()
			listener.conns <- there
			return here
		}
		fail := func(err error) {
			select {
			case listener.fail <- err:
			case <-time.After(time.Minute):
				t.Fatal("the hub does not accept any more")
			}
		}
		for _, err := range []error{errors.New("strange"), io.EOF, noFiles, noFiles} {
			fail(err)
		}
		c := &client{t, tls.Client(raw(), &tls.Config{RootCAs: hub.RootCAs(), ServerName: "localhost"})}
		c.send(connect(hub.AddModule("d", "m")))
		expect[*packets.ConnackPacket](c)

		silent := raw()
		fail(noFiles)
		if after := ended(silent); after > time.Second {
			t.Errorf("a silent connection was closed after %v", after)
		}
		fail(noFiles)
		c.expectAlive()
		c.Close()
	})
}
