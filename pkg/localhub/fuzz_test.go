package localhub

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/iothub"
)

// FuzzPacket reads any bytes as packets: they are refused, or they are as
// long as they say.
func FuzzPacket(f *testing.F) {
	f.Add([]byte("\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04d/m1"))
	f.Add([]byte("\x32\x05\x00\x01a\x00\x01"))
	f.Add([]byte("\x82\x06\x00\x01\x00\x01#\x01"))
	f.Add([]byte("\xa2\x05\x00\x01\x00\x01#"))
	f.Add([]byte("\x30\xff\xff\xff\xff\x7f"))
	f.Add([]byte("\xc0\x00\xe0\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		for {
			before := r.Len()
			packet, err := readPacket(r, maxConnect)
			if err != nil {
				return
			}
			if again := pack(packet); len(again) > before-r.Len() {
				t.Fatalf("%d bytes were read as a packet of %d", before-r.Len(), len(again))
			}
		}
	})
}

// FuzzPort sends any bytes to the hub, inside TLS, after a good CONNECT or
// without one. Afterwards, it still serves.
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
			conn.Write(pack(hello))
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

// FuzzREST sends any path and body with a good token. Nothing of it is the
// hub's fault.
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
		answer := httptest.NewRecorder()
		h.serveHTTP(answer, request.WithContext(withWire(request.Context(), newWire(far, &h.network))))
		if answer.Code >= 500 {
			t.Fatalf("%s %s %s = %d %s", method, path, body, answer.Code, answer.Body)
		}
	})
}

// FuzzUsername checks that what is accepted names segments of the name.
func FuzzUsername(f *testing.F) {
	f.Add("localhost/d/m/?api-version=2021-04-12&DeviceClientType=x%2F1")
	f.Add("localhost/d/api-version=2016-11-14")
	f.Add("h/?x/?api-version=1")
	f.Fuzz(func(t *testing.T, name string) {
		k, err := parseUsername(name)
		if err != nil {
			return
		}
		path := "/" + k.device
		if k.module != "" {
			path += "/" + k.module
		}
		if k.device == "" || !strings.Contains(name, path+"/") {
			t.Fatalf("%q was read as %s", name, k)
		}
	})
}

// FuzzTopic checks that no topic is anything but what it was made for.
func FuzzTopic(f *testing.F) {
	f.Add("?$rid=1&$version=3")
	f.Add("%24rid=a")
	f.Add("devices/d/modules/m/messages/events/%24.ct=a")
	f.Fuzz(func(t *testing.T, topic string) {
		if r, err := parseRequest(topic); err == nil && (r.id == "" || strings.ContainsAny(r.answerTopic(200, 1), "+#\x00")) {
			t.Fatalf("%q has the request id %q", topic, r.id)
		}
		k := key{"d", "m"}
		if k.isTelemetry(topic) && !strings.HasPrefix(topic, "devices/d/modules/m/messages/events") {
			t.Fatalf("%q is taken for telemetry", topic)
		}
		if k.isFilter(topic) && !strings.HasSuffix(topic, "/#") {
			t.Fatalf("%q is taken for a filter", topic)
		}
	})
}

// FuzzTwin applies any patches and compares with the rules.
func FuzzTwin(f *testing.F) {
	f.Add(`{"a":{"b":1}}`, `{"a":{"b":null,"c":[1]}}`)
	f.Add(`{"a":1}`, `{"a":{"b":{"c":null}}}`)
	f.Fuzz(func(t *testing.T, first, second string) {
		before := newTwin(key{"d", "m"}, time.Now())
		for _, text := range []string{first, second} {
			patch, refused := decodeProperties([]byte(text), true)
			if refused != nil {
				return
			}
			after, refused := before.updated(twinUpdate{desired: patch, hasDesired: true}, time.Now())
			if refused != nil {
				return
			}
			sameShape(t, after.Desired.Properties, after.Desired.Metadata)
			before = after
		}
		var decoded iothub.Twin
		e := &entity{key: key{"d", "m"}, identity: newIdentity(time.Now()), twin: before}
		if err := decode(encode(e.wireTwin()), &decoded); err != nil {
			t.Fatal(err)
		}
	})
}

// sameShape checks that metadata mirrors what it describes.
func sameShape(t *testing.T, properties map[string]any, m *metadata) {
	if len(properties) != len(m.children) {
		t.Fatalf("%d properties have metadata of %d", len(properties), len(m.children))
	}
	for name, value := range properties {
		child := m.children[name]
		if child == nil {
			t.Fatalf("%q has no metadata", name)
		}
		object, _ := value.(map[string]any)
		sameShape(t, object, child)
	}
}
