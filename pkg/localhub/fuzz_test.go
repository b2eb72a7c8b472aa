package localhub

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/localhub/internal/network"
)

// FuzzPort sends arbitrary bytes to the hub over TLS, with or without a valid
// CONNECT before them. The hub ends the connection and keeps its state.
func FuzzPort(f *testing.F) {
	f.Add(true, []byte("\x32\x05\x00\x01a\x00\x01"))
	f.Add(true, []byte("\x30\x17\x00\x15$iothub/twin/GET/?$rid=1"))
	f.Add(false, []byte("\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04d/m1"))
	f.Add(false, []byte("GET /devices HTTP/1.1\r\nHost: localhost\r\n\r\n"))
	f.Add(false, []byte("GET /$iothub/websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n"))
	h, err := Start(&Options{SignInTimeout: time.Second})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(h.Close)
	module := h.AddModule("d", "m")
	hello := &packets.ConnectPacket{
		FixedHeader: packets.FixedHeader{MessageType: packets.Connect}, ProtocolName: "MQTT", ProtocolVersion: 4,
		ClientIdentifier: "d/m", UsernameFlag: true, Username: "localhost/d/m/?api-version=2021-04-12",
		PasswordFlag: true, Password: []byte(module.NewSASToken(time.Now().Add(24 * time.Hour)).Reveal()),
	}
	f.Fuzz(func(t *testing.T, signIn bool, data []byte) {
		conn, err := tls.Dial("tcp", h.HostName(), &tls.Config{RootCAs: h.RootCAs()})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if signIn {
			hello.Write(conn)
		}
		conn.Write(data)
		conn.CloseWrite()
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Fatal("the hub keeps a connection whose client has gone")
		}
		if _, found := h.Twin("d", "m"); !found {
			t.Fatal("the module is gone")
		}
	})
}

// FuzzREST sends requests with arbitrary paths and bodies and a valid token.
// None of them makes the hub answer with a 5xx status.
func FuzzREST(f *testing.F) {
	f.Add("PUT", "/devices/d", `{"deviceId":"d"}`, "*")
	f.Add("PATCH", "/twins/d/modules/m", `{"tags":{"a":null},"properties":{"desired":{"a":[1,{"b":2}]}}}`, "")
	f.Add("GET", "/devices/%2e%2e/modules", "", `"`)
	f.Add("PUT", "/twins/d", `{"properties":{"desired":{"a":1e400}}}`, `"AAAAAAAAAAE="`)
	h, err := Start(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(h.Close)
	token := h.ConnectionString(PolicyIoTHubOwner).NewSASToken(time.Now().Add(24 * time.Hour)).Reveal()
	f.Fuzz(func(t *testing.T, method, path, body, ifMatch string) {
		h.AddModule("d", "m")
		request, err := http.NewRequest(method, "https://localhost/"+path, strings.NewReader(body))
		if err != nil {
			return
		}
		query := request.URL.Query()
		query.Set("api-version", "2021-04-12")
		request.URL.RawQuery = query.Encode()
		request.Header.Set("Authorization", token)
		request.Header.Set("If-Match", ifMatch)
		near, far := net.Pipe()
		defer near.Close()
		defer far.Close()
		response := httptest.NewRecorder()
		h.serveHTTP(response, request.WithContext(network.NewContext(request.Context(), network.NewConn(far, &h.conditions))))
		if response.Code >= 500 {
			t.Fatalf("%s %s %s = %d %s", method, path, body, response.Code, response.Body)
		}
	})
}
