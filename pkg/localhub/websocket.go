package localhub

import (
	"net/http"
	"slices"
	"sync"

	"github.com/gorilla/websocket"

	"moduletwin/pkg/internal/wsconn"
	"moduletwin/pkg/localhub/internal/network"
)

// upgrader answers the subprotocol in the case in which the client asked for
// it: the official C SDK says MQTT. Any origin may connect: what counts is
// the token in the CONNECT.
var upgrader = websocket.Upgrader{
	Subprotocols:    []string{"mqtt", "MQTT"},
	CheckOrigin:     func(*http.Request) bool { return true },
	ReadBufferSize:  512,
	WriteBufferPool: new(sync.Pool),
}

// serveWebSocket speaks MQTT inside a WebSocket. A handshake that does not
// offer the subprotocol is refused, as Azure does, see azure-docs#21306.
func (h *Hub) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	socket := network.FromContext(r.Context())
	if websocket.IsWebSocketUpgrade(r) && !offersMQTT(r) {
		h.log.Warn("WebSocket refused", "from", socket.RemoteAddr(), "reason", "it does not offer the subprotocol mqtt")
		http.Error(w, "the subprotocol is mqtt", http.StatusBadRequest)
		return
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		h.log.Warn("WebSocket refused", "from", socket.RemoteAddr(), "reason", err)
		if socket.HasClosed() {
			h.forget(socket) // Upgrade had taken it over before it failed
		}
		return // Upgrade has answered
	}
	defer h.forget(socket) // a connection that was taken over is no longer the HTTP server's to count
	h.mqtt.Serve(wsconn.New(ws), socket)
}

func offersMQTT(r *http.Request) bool {
	return slices.ContainsFunc(websocket.Subprotocols(r), func(offered string) bool {
		return slices.Contains(upgrader.Subprotocols, offered)
	})
}
