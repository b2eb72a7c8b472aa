//go:build linux

package bench

import (
	"io"
	"net"
	"testing"

	"moduletwin/pkg/iothub"
)

// newEchoFleet prepares n connections to an echo server, which are sent as many
// bytes as modules of a hub are.
func newEchoFleet(b *testing.B, n int) *fleet {
	b.Helper()
	f := newFleet(b, "echo", n)
	connect, subscribe := opening(iothub.ConnectionString{
		HostName: f.server.address, DeviceID: "d100", ModuleID: "m5000", SharedAccessKey: iothub.NewKey(make([]byte, 32)),
	})
	message := make([]byte, 100) // about as long as the PUBLISH
	f.connect = func(_ int, conn net.Conn) error {
		for _, packet := range [][]byte{connect, subscribe} {
			if _, err := conn.Write(packet); err != nil {
				return err
			}
			if _, err := io.ReadFull(conn, make([]byte, len(packet))); err != nil {
				return err
			}
		}
		return nil
	}
	f.receive = func(conn net.Conn, arrived func()) error {
		if _, err := io.ReadFull(conn, make([]byte, len(message))); err != nil {
			return err
		}
		arrived()
		return nil
	}
	f.sender = func() func(int, net.Conn) error {
		return func(_ int, conn net.Conn) error {
			_, err := conn.Write(message)
			return err
		}
	}
	return f
}
