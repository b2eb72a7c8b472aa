package localhub_test

import (
	"crypto/tls"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/gorilla/websocket"

	"moduletwin/pkg/internal/wsconn"
	"moduletwin/pkg/localhub"
)

// TestWebSocket signs in as SDKs do: with the subprotocol in small letters
// or, the C SDK, in capitals, and with a query that means nothing here.
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
		c.SetDeadline(time.Now().Add(patience))
		c.send(connect(module))
		expect[*packets.ConnackPacket](c)
		c.subscribe(answers, desired)
		if topic, _ := c.ask(getTwin, ""); topic != "$iothub/twin/res/200/?$rid=1" {
			t.Errorf("the answer came on %s", topic)
		}
		hub.Disconnect("d", "m", localhub.Cut)
		c.expectRest("")
		c.Close()
	}
}

// TestNoWebSocket sends an ordinary request to the place.
func TestNoWebSocket(t *testing.T) {
	newREST(t, localhub.New(t)).must(400, "GET", wsconn.Path, "")
}
