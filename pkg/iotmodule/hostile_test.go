package iotmodule_test

import (
	"bufio"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/internal/memnet"
	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
)

// hostile is a server that is not a hub, and how to reach it.
type hostile struct {
	module      iothub.ConnectionString
	opts        *iotmodule.Options
	certificate *x509.Certificate
}

// newHostile starts a server that calls serve with each connection. Its
// certificate is valid for names.
func newHostile(t *testing.T, serve func(conn net.Conn), config *tls.Config, names ...string) hostile {
	t.Helper()
	certificate := newCertificate(t, names)
	config.Certificates = []tls.Certificate{certificate}
	roots := x509.NewCertPool()
	roots.AddCert(certificate.Leaf)
	network := memnet.Listen()
	var running sync.WaitGroup
	t.Cleanup(func() { network.Close(); running.Wait() })
	running.Go(func() {
		for {
			raw, err := network.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer raw.Close()
				serve(tls.Server(raw, config))
			})
		}
	})
	return hostile{
		module:      iothub.ConnectionString{HostName: "localhost", DeviceID: deviceID, ModuleID: moduleID, SharedAccessKey: iothub.NewKey([]byte("sixteen bytes at least"))},
		opts:        &iotmodule.Options{RootCAs: roots, DialContext: network.DialContext},
		certificate: certificate.Leaf,
	}
}

// dialError returns the error of Dial, which has to fail.
func (h hostile) dialError(t *testing.T) error {
	t.Helper()
	client, err := iotmodule.Dial(t.Context(), h.module, h.opts)
	if err == nil {
		client.Close()
		t.Fatal("Dial succeeded")
	}
	return err
}

// newCertificate returns a self-signed certificate.
func newCertificate(t *testing.T, names []string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().AddDate(1, 0, 0), DNSNames: names}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// A CONNACK code that MQTT does not define is a refusal, like those that it
// does.
func TestUnknownCodeIsARefusal(t *testing.T) {
	hints := map[byte]string{3: "The hub accepts no connections at the moment.", 4: "The module may not exist", 5: "The module may not exist"}
	for _, code := range []byte{1, 2, 3, 4, 5, 6, 0x80, 0xfe, 0xff} {
		h := newHostile(t, func(conn net.Conn) {
			packets.ReadPacket(conn)
			conn.Write([]byte{0x20, 2, 0, code})
			io.Copy(io.Discard, conn)
		}, &tls.Config{}, "localhost")
		err := h.dialError(t)
		if want := fmt.Sprintf("the hub refused the sign-in (CONNACK %d)", code); !strings.Contains(err.Error(), want) {
			t.Errorf("Dial: %v, want %q", err, want)
		}
		if want := cmp.Or(hints[code], "An IoT hub does not refuse a sign-in in this way."); !strings.Contains(iothub.Hint(err), want) {
			t.Errorf("the hint is %q, want %q", iothub.Hint(err), want)
		}
		if got := errors.Is(err, iothub.ErrUnauthorized); got != (code == 4 || code == 5) {
			t.Errorf("code %d matches ErrUnauthorized: %v", code, got)
		}
	}
}

// A server that announces or sends too much makes the client allocate little.
func TestTooMuch(t *testing.T) {
	hugePacket := func(conn net.Conn) {
		packets.ReadPacket(conn)
		conn.Write([]byte{0x30, 0x80, 0x80, 0x80, 0x60}) // a PUBLISH of 200 MB
		io.Copy(io.Discard, conn)
	}
	endlessHeaders := func(conn net.Conn) {
		http.ReadRequest(bufio.NewReader(conn))
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n")
		for n := range 400 { // 4 MB, as good as endless
			fmt.Fprintf(conn, "X-%d: %s\r\n", n, strings.Repeat("x", 10_000))
		}
		io.Copy(io.Discard, conn)
	}
	tests := []struct {
		name      string
		serve     func(conn net.Conn)
		webSocket bool
		want      string
	}{
		{"a huge packet", hugePacket, false, "the hub announced a packet of 201326592 bytes"},
		{"endless headers", endlessHeaders, true, "the handshake does not end"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHostile(t, test.serve, &tls.Config{}, "localhost")
			h.opts.WebSocket = test.webSocket
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := h.dialError(t)
			runtime.ReadMemStats(&after)
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("Dial: %v, want %q", err, test.want)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 32<<20 {
				t.Errorf("it allocated %d MB", took>>20)
			}
		})
	}
}

// Text from outside is escaped in errors or left out, so that no terminal
// interprets it.
func TestTextFromOutside(t *testing.T) {
	const escape, override = "\x1b[31m", "\u202e"
	forbid := func(conn net.Conn) {
		http.ReadRequest(bufio.NewReader(conn))
		io.WriteString(conn, "HTTP/1.1 403 "+escape+override+"\r\n\r\n")
	}
	nothing := func(conn net.Conn) { conn.(*tls.Conn).Handshake() }
	tests := []struct {
		name      string
		serve     func(conn net.Conn)
		certified string
		webSocket bool
		want      string
	}{
		{"in the status of a WebSocket handshake", forbid, "localhost", true, "the server answered 403 Forbidden"},
		{"in a certificate", nothing, "evil" + escape, false, `certificate is valid for evil\x1b[31m, not localhost`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHostile(t, test.serve, &tls.Config{}, test.certified)
			h.opts.WebSocket = test.webSocket
			err := h.dialError(t)
			if !strings.Contains(err.Error(), test.want) || strings.ContainsAny(err.Error(), "\x1b\u202e\n") {
				t.Errorf("Dial: %q, want %q", err, test.want)
			}
		})
	}
}

// A server that demands a client certificate will go on doing so: the client
// gives up.
func TestClientCertificateDemanded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handshake := func(conn net.Conn) { conn.(*tls.Conn).Handshake() }
		h := newHostile(t, handshake, &tls.Config{ClientAuth: tls.RequireAnyClientCert}, "localhost")
		const want = "The server demands a client certificate"
		if err := h.dialError(t); !strings.Contains(iothub.Hint(err), want) {
			t.Errorf("Dial: %v, hint %q, want %q", err, iothub.Hint(err), want)
		}

		var log journal
		var takenOver atomic.Bool
		s := newFixture(t, inSimulatedTime, keepLog(&log), func(o *iotmodule.Options) {
			hub := o.DialContext
			o.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				if takenOver.Load() {
					return h.opts.DialContext(ctx, network, address)
				}
				return hub(ctx, network, address)
			}
			roots := o.RootCAs.Clone()
			roots.AddCert(h.certificate)
			o.RootCAs = roots
		})
		takenOver.Store(true)
		s.hub.Disconnect(deviceID, moduleID)
		if err := s.reader.awaitEnd(s); !strings.Contains(iothub.Hint(err), want) {
			t.Errorf("the sequence ended with %v, hint %q, want %q", err, iothub.Hint(err), want)
		}
		if log.count("trying again") != 1 { // for the connection that was lost
			t.Errorf("the log says\n%s", &log)
		}
	})
}
