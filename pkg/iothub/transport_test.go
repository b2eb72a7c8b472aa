package iothub_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/internal/memnet"
	"moduletwin/pkg/iothub"
)

func TestConnectionRefusedIsNotRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := serve(t)
		hub.listener.Close()
		start := time.Now()
		err := createDevice(t.Context(), hub.registry(t, nil))
		if took := time.Since(start); !errors.Is(err, syscall.ECONNREFUSED) || took != 0 {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

// A permanent failure ends the call at once, even if it shows only after the
// request was sent.
func TestLastingFailure(t *testing.T) {
	speak := func(words string) func(*tls.Conn) {
		return func(conn *tls.Conn) {
			http.ReadRequest(bufio.NewReader(conn))
			io.WriteString(conn, words)
		}
	}
	tests := []struct {
		name   string
		config *tls.Config
		server func(*tls.Conn)
		says   string
		hint   string
	}{
		{"the server wants a certificate, TLS 1.3", &tls.Config{ClientAuth: tls.RequireAnyClientCert}, func(*tls.Conn) {},
			"remote error: tls: certificate required",
			"The server demands a client certificate, which an IoT hub never does of clients with a key. Check HostName in the connection string; a proxy may be answering in its place."},
		{"the server wants a certificate, TLS 1.2", &tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}, func(*tls.Conn) {},
			"remote error: tls: handshake failure", ""},
		{"the server speaks something else", &tls.Config{}, speak("220 ready\r\n"),
			`malformed HTTP status code "ready"`, "The server there does not speak HTTP like an IoT hub. Check the host and port in the connection string."},
		{"an endless header", &tls.Config{}, speak("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20)),
			"server response headers exceeded 65536 bytes", "The server there does not speak HTTP like an IoT hub."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dials := 0
				registry := serve(t).registry(t, &iothub.Options{DialContext: func(context.Context, string, string) (net.Conn, error) {
					dials++
					client, far := memnet.Pipe()
					test.config.Certificates = []tls.Certificate{certificate}
					go func() {
						conn := tls.Server(far, test.config)
						if conn.Handshake() == nil {
							test.server(conn)
						}
						conn.Close()
					}()
					return client, nil
				}})
				start := time.Now()
				err := createDevice(t.Context(), registry)
				if err == nil || !strings.Contains(err.Error(), test.says) || !strings.HasPrefix(iothub.Hint(err), test.hint) {
					t.Errorf("got %v, hint %q", err, iothub.Hint(err))
				}
				if took := time.Since(start); dials != 1 || took != 0 || errors.Is(err, iothub.ErrOutcomeUnknown) {
					t.Errorf("%d connections in %v, %v", dials, took, err)
				}
			})
		})
	}
}

// lateConn writes a request only after the server has closed the connection,
// and reads a moment later still.
type lateConn struct {
	net.Conn
	handshaken atomic.Bool
	closed     chan struct{}
}

func (c *lateConn) Write(b []byte) (int, error) {
	if c.handshaken.Load() {
		<-c.closed
	}
	return c.Conn.Write(b)
}

func (c *lateConn) Read(b []byte) (int, error) {
	if c.handshaken.Load() {
		time.Sleep(time.Millisecond) // simulated
	}
	return c.Conn.Read(b)
}

// The alert that a server sends before it closes the connection is read, even
// if writing the request fails.
func TestAlertBeforeTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, far := memnet.Pipe()
		conn := &lateConn{Conn: client, closed: make(chan struct{})}
		go func() {
			server := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{certificate}, ClientAuth: tls.RequireAnyClientCert})
			server.Handshake() // ends with an alert
			server.Close()
			close(conn.closed)
		}()
		registry := serve(t).registry(t, &iothub.Options{DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }})
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			TLSHandshakeDone: func(tls.ConnectionState, error) { conn.handshaken.Store(true) },
		})
		const want = `iothub: create device "d": remote error: tls: certificate required`
		if err := createDevice(ctx, registry); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})
}

// A server may close a connection as soon as it is made. The client cannot know
// then whether the request was read.
func TestConnectionClosedBeforeTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := serve(t, notFound, device("1"))
		dials := 0
		registry := hub.registry(t, &iothub.Options{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials++; dials > 1 {
				return hub.listener.DialContext(ctx, network, address)
			}
			client, far := memnet.Pipe()
			go func() {
				conn := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{certificate}})
				conn.Handshake()
				conn.Close()
			}()
			return client, nil
		}})
		if err := createDevice(t.Context(), registry); err != nil {
			t.Error(err)
		}
		if sent := hub.methods(); !slices.Equal(sent, []string{"GET", "PUT"}) {
			t.Errorf("sent %v, want a check before the second attempt", sent)
		}
	})
}

// If a connection was closed while it was idle, the next call just makes a new
// one.
func TestIdleConnectionClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := serve(t, device("1"), device("1"))
		var conns []net.Conn
		registry := hub.registry(t, &iothub.Options{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := hub.listener.DialContext(ctx, network, address)
			conns = append(conns, conn)
			return conn, err
		}})
		if err := getDevice(t.Context(), registry); err != nil {
			t.Fatal(err)
		}
		conns[0].Close()
		synctest.Wait()
		start := time.Now()
		if err := createDevice(t.Context(), registry); err != nil || time.Since(start) != 0 {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		if sent := hub.methods(); !slices.Equal(sent, []string{"GET", "PUT"}) {
			t.Errorf("sent %v", sent)
		}
	})
}
