package iotmodule_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/internal/memnet"
	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
)

// hostile is a server that is no hub, and how to reach it.
type hostile struct {
	module iothub.ConnectionString
	opts   *iotmodule.Options
}

// newHostile starts a server that does with each connection, after the TLS
// handshake, what serve does.
func newHostile(t *testing.T, serve func(conn net.Conn)) hostile {
	t.Helper()
	borrowed := httptest.NewTLSServer(nil) // for its certificate, which is for example.com
	defer borrowed.Close()
	roots := x509.NewCertPool()
	roots.AddCert(borrowed.Certificate())
	network := memnet.Listen()
	t.Cleanup(func() { network.Close() })
	listener := tls.NewListener(network, &tls.Config{Certificates: borrowed.TLS.Certificates})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return hostile{
		module: iothub.ConnectionString{HostName: "example.com", DeviceID: deviceID, ModuleID: moduleID, SharedAccessKey: iothub.NewKey([]byte("sixteen bytes at least"))},
		opts:   &iotmodule.Options{RootCAs: roots, DialContext: network.DialContext},
	}
}

// A code that MQTT does not know refuses the sign-in, as those do that it
// knows.
func TestUnknownCodeIsARefusal(t *testing.T) {
	for _, code := range []byte{1, 2, 3, 4, 5, 6, 0x80, 0xfe, 0xff} {
		h := newHostile(t, func(conn net.Conn) {
			packets.ReadPacket(conn)
			conn.Write([]byte{0x20, 2, 0, code})
			io.Copy(io.Discard, conn)
		})
		client, err := iotmodule.Dial(t.Context(), h.module, h.opts)
		if err == nil {
			client.Close()
		}
		if want := fmt.Sprintf("the hub refused the sign-in (CONNACK %d)", code); !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("Dial: %v, want %q", err, want)
		}
	}
}

// A packet that claims to be huge costs no memory.
func TestHugePacket(t *testing.T) {
	huge := []byte{0x30, 0x80, 0x80, 0x80, 0x60} // a PUBLISH of 200 MB
	h := newHostile(t, func(conn net.Conn) {
		packets.ReadPacket(conn)
		conn.Write(huge)
		io.Copy(io.Discard, conn)
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	client, err := iotmodule.Dial(t.Context(), h.module, h.opts)
	runtime.ReadMemStats(&after)
	if err == nil {
		client.Close()
	}
	if want := "the hub announced a packet of 201326592 bytes"; !strings.Contains(fmt.Sprint(err), want) {
		t.Errorf("Dial: %v, want %q", err, want)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
		t.Errorf("it took %d MB of memory", took>>20)
	}
}
