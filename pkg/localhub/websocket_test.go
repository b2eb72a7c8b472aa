package localhub_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/gorilla/websocket"

	"moduletwin/pkg/internal/wsconn"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/event"
)

// TestWebSocket signs in as SDKs do: with the subprotocol in lower case or,
// like the C SDK, in upper case, and with a query that the hub ignores.
func TestWebSocket(t *testing.T) {
	hub := localhub.New(t)
	module := hub.AddModule("d", "m")
	for _, row := range []struct{ subprotocol, query string }{
		{"mqtt", ""}, {"MQTT", ""}, {"mqtt", "?iothub-no-client-cert=true"},
	} {
		dialer := websocket.Dialer{
			Subprotocols:    []string{row.subprotocol},
			TLSClientConfig: &tls.Config{RootCAs: hub.RootCAs()},
		}
		ws, resp, err := dialer.DialContext(t.Context(), "wss://"+hub.HostName()+wsconn.Path+row.query, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if ws.Subprotocol() != row.subprotocol {
			t.Errorf("the subprotocol is %q, want %q", ws.Subprotocol(), row.subprotocol)
		}
		c := &client{t, wsconn.New(ws)}
		c.SetDeadline(time.Now().Add(testTimeout))
		c.send(connect(module))
		expect[*packets.ConnackPacket](c)
		c.subscribe(responses, desired)
		if topic, _ := c.request(getTwin, ""); topic != "$iothub/twin/res/200/?$rid=1" {
			t.Errorf("the response came on %s", topic)
		}
		hub.Disconnect("d", "m")
		c.expectRest("")
		c.Close()
	}
}

// TestPacketsInOneMessage checks that packets may share a WebSocket message,
// even one that is larger than a single packet may be.
func TestPacketsInOneMessage(t *testing.T) {
	hub := localhub.New(t)
	module := hub.AddModule("d", "m")
	dialer := websocket.Dialer{Subprotocols: []string{"mqtt"}, TLSClientConfig: &tls.Config{RootCAs: hub.RootCAs()}}
	ws, resp, err := dialer.DialContext(t.Context(), "wss://"+hub.HostName()+wsconn.Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	c := &client{t, wsconn.New(ws)}
	defer c.Close()
	c.SetDeadline(time.Now().Add(testTimeout))
	c.send(connect(module))
	expect[*packets.ConnackPacket](c)
	var message bytes.Buffer
	for range 2 {
		packet := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
		packet.TopicName, packet.Payload = "devices/d/modules/m/messages/events/", make([]byte, 200<<10)
		packet.Write(&message)
	}
	if _, err := c.Write(message.Bytes()); err != nil {
		t.Fatal(err)
	}
	c.expectAlive()
	state, err := hub.WaitConnection(t.Context(), "d", "m", func(s localhub.ConnectionState) bool { return s.Telemetry == 2 })
	if err != nil || !state.Connected {
		t.Errorf("%+v, %v", state, err)
	}
}

// TestWebSocketWithoutMQTT checks that a handshake needs the subprotocol.
func TestWebSocketWithoutMQTT(t *testing.T) {
	hub := localhub.New(t)
	for _, offered := range [][]string{nil, {"amqp"}, {"mqttv5", "Mqtt"}} {
		dialer := websocket.Dialer{Subprotocols: offered, TLSClientConfig: &tls.Config{RootCAs: hub.RootCAs()}}
		ws, resp, err := dialer.DialContext(t.Context(), "wss://"+hub.HostName()+wsconn.Path, nil)
		if err == nil {
			ws.Close()
			t.Errorf("a handshake that offers %q is accepted", offered)
		} else if resp == nil || resp.StatusCode != http.StatusBadRequest {
			t.Errorf("a handshake that offers %q gets %v, %v; want 400", offered, resp, err)
		}
	}
}

// TestRefusedBeforeConnect checks that there is an event for a client that is
// refused before it says who it is.
func TestRefusedBeforeConnect(t *testing.T) {
	hub := localhub.New(t)
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	events := hub.Events(ctx)
	dialer := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: hub.RootCAs()}}
	for _, row := range []struct {
		come   func()
		reason string
	}{
		{func() { dial(t, hub).Write([]byte("\x10\x00")) }, "no CONNECT came: a malformed packet: its fields do not match its length"},
		{func() { dialer.DialContext(ctx, "wss://"+hub.HostName()+wsconn.Path, nil) }, "no WebSocket: the client does not offer the subprotocol mqtt"},
		{func() { newREST(t, hub).do("GET", wsconn.Path, "") }, "no WebSocket: websocket: the client is not using the websocket protocol"},
	} {
		row.come()
		list := next(t, events, event.SignInRefused)
		if e := list[0]; len(list) != 1 || !strings.HasPrefix(e.Reason, row.reason) || e.RemoteAddr == "" || e.DeviceID != "" {
			t.Errorf("got %v, want the reason %q", list, row.reason)
		}
	}
}

// TestNoWebSocket sends an ordinary request to the WebSocket path. Afterwards,
// its connection is like any other.
func TestNoWebSocket(t *testing.T) {
	hub := localhub.New(t)
	conn, err := tls.Dial("tcp", hub.HostName(), &tls.Config{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(testTimeout))
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", wsconn.Path)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != http.StatusBadRequest {
		t.Fatalf("%v, %v", resp, err)
	}
	io.Copy(io.Discard, resp.Body)
	hub.Stop()
	(&client{t, conn}).expectRest("")
}
