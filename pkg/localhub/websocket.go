package localhub

import (
	"net/http"
	"slices"
	"sync"

	"github.com/gorilla/websocket"

	"moduletwin/pkg/internal/wsconn"
	"moduletwin/pkg/localhub/event"
	"moduletwin/pkg/localhub/internal/network"
)

// upgrader answers with the subprotocol in the letter case that the client
// used: the official C SDK asks for MQTT. Any origin may connect, as clients
// are authenticated by the token in the CONNECT.
var upgrader = websocket.Upgrader{
	Subprotocols:    []string{"mqtt", "MQTT"},
	CheckOrigin:     func(*http.Request) bool { return true },
	ReadBufferSize:  512,
	WriteBufferPool: new(sync.Pool),
}

// serveWebSocket serves MQTT inside a WebSocket. As in Azure, a handshake that
// does not offer the subprotocol is refused, see azure-docs#21306.
func (h *Hub) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	socket := network.FromContext(r.Context())
	if websocket.IsWebSocketUpgrade(r) && !offersMQTT(r) {
		h.logWebSocket(socket, "the client does not offer the subprotocol mqtt")
		http.Error(w, "the subprotocol has to be mqtt", http.StatusBadRequest)
		return
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		h.logWebSocket(socket, err.Error())
		if socket.HasClosed() {
			h.forget(socket) // Upgrade had already hijacked the connection when it failed
		}
		return // Upgrade has already sent a response
	}
	defer h.forget(socket) // the HTTP server does not report the end of a hijacked connection
	h.mqtt.Serve(wsconn.New(ws), socket)
}

// logWebSocket logs that a WebSocket was refused, and publishes it as an event.
func (h *Hub) logWebSocket(socket *network.Conn, reason string) {
	h.log.Warn("WebSocket refused", "from", socket.RemoteAddr(), "reason", reason)
	h.events.Publish(event.Event{Kind: event.SignInRefused, RemoteAddr: socket.RemoteAddr().String(), Reason: "no WebSocket: " + reason})
}

func offersMQTT(r *http.Request) bool {
	return slices.ContainsFunc(websocket.Subprotocols(r), func(offered string) bool {
		return slices.Contains(upgrader.Subprotocols, offered)
	})
}
