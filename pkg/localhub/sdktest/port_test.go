package sdktest

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"moduletwin/pkg/localhub"
)

// startProxy returns the port of an HTTP proxy that leads localhost:8883 and
// localhost:443 to the hub. The SDK for devices knows no other ports; these
// may be taken, or need rights that tests do not have.
func startProxy(t *testing.T, hub *localhub.Hub) (port int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var tasks sync.WaitGroup
	tasks.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			tasks.Go(func() { lead(conn, hub.HostName()) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		hub.Close() // ends all that is led there
		tasks.Wait()
	})
	return listener.Addr().(*net.TCPAddr).Port
}

// lead answers one CONNECT and then passes on bytes, until either side ends.
func lead(conn net.Conn, address string) {
	defer conn.Close()
	reader := bufio.NewReader(conn)
	request, err := http.ReadRequest(reader)
	if err != nil {
		return
	}
	if request.Method != http.MethodConnect || request.Host != "localhost:8883" && request.Host != "localhost:443" {
		io.WriteString(conn, "HTTP/1.1 403 Forbidden\r\n\r\n")
		return
	}
	hub, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer hub.Close()
	io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	var there sync.WaitGroup
	there.Go(func() {
		io.Copy(hub, reader)
		hub.Close()
	})
	io.Copy(conn, hub)
	conn.Close()
	there.Wait()
}

// TestWellKnownPorts has modules sign in without a proxy, at the ports that
// the SDK knows, where this machine has them to give.
func TestWellKnownPorts(t *testing.T) {
	t.Parallel()
	for address, webSockets := range map[string]bool{"localhost:8883": false, "localhost:443": true} {
		t.Run(address, func(t *testing.T) {
			python(t)
			hub, err := localhub.Start(&localhub.Options{Listen: []string{address}})
			if err != nil {
				t.Skip(err)
			}
			t.Cleanup(hub.Close)
			s := side{hub, startDriver(t, hub, "device.py"), object{"websockets": webSockets}}
			s.connect(t, "d", "m", nil)
			s.driver.do(t, "listen")
			s.patch(t, "d", "m", object{"a": 1})
			s.hears(t, `{"$version":2,"a":1}`)
		})
	}
}
