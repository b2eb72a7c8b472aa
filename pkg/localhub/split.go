package localhub

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"moduletwin/pkg/internal/wsconn"
)

// serve finds out what a connection speaks and has it served. One port is
// enough for all: an MQTT client begins, inside TLS, with the byte of a
// CONNECT packet, which begins no HTTP request.
func (h *Hub) serve(w *wire) {
	handedOver := false
	defer func() {
		if !handedOver {
			w.Close()
			h.forget(w)
		}
	}()
	conn := tls.Server(w, h.tls)
	conn.SetDeadline(time.Now().Add(h.options.SignInTimeout))
	if err := conn.HandshakeContext(h.ctx); err != nil {
		h.logHandshake(w, err)
		return
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(conn, first); err != nil {
		return
	}
	conn.SetDeadline(time.Time{})
	begun := &begunConn{Conn: conn, wire: w, first: first}
	if first[0] == connectByte {
		h.serveMQTT(begun, w)
		return
	}
	handedOver = h.handedOver.give(begun)
}

// connectByte begins every MQTT connection.
const connectByte = 0x10

// logHandshake speaks of clients that do not trust the hub, not of those
// that changed their mind.
func (h *Hub) logHandshake(w *wire, err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || h.ctx.Err() != nil {
		return
	}
	h.log.Warn("TLS handshake failed", "from", w.RemoteAddr(), "error", err)
}

// begunConn is a connection whose first byte has been read.
type begunConn struct {
	net.Conn
	wire  *wire
	first []byte
}

func (c *begunConn) Read(p []byte) (int, error) {
	if len(c.first) > 0 && len(p) > 0 {
		n := copy(p, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// handover is the listener of the HTTP server.
type handover struct {
	conns chan *begunConn
	done  <-chan struct{}
}

func (l *handover) give(conn *begunConn) bool {
	select {
	case l.conns <- conn:
		return true
	case <-l.done:
		return false
	}
}

func (l *handover) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *handover) Close() error   { return nil }
func (l *handover) Addr() net.Addr { return &net.TCPAddr{} }

// startHTTP serves the connections that are handed over.
func (h *Hub) startHTTP() {
	h.handedOver = &handover{conns: make(chan *begunConn), done: h.ctx.Done()}
	h.http = &http.Server{
		Handler:           http.HandlerFunc(h.serveHTTP),
		ReadHeaderTimeout: h.options.SignInTimeout,
		ReadTimeout:       2 * h.options.SignInTimeout,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // malformed requests and the like
		BaseContext:       func(net.Listener) context.Context { return h.ctx },
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return withWire(ctx, conn.(*begunConn).wire)
		},
		ConnState: func(conn net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				h.forget(conn.(*begunConn).wire)
			}
		},
	}
	h.tasks.Go(func() { h.http.Serve(h.handedOver) })
}

// upgrader answers the subprotocol in the case in which the client asked for
// it: the official C SDK says MQTT. Any origin may connect: what counts is
// the token in the CONNECT.
var upgrader = websocket.Upgrader{
	Subprotocols:    []string{"mqtt", "MQTT"},
	CheckOrigin:     func(*http.Request) bool { return true },
	ReadBufferSize:  512,
	WriteBufferPool: new(sync.Pool),
}

// serveWebSocket speaks MQTT inside a WebSocket.
func (h *Hub) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	wire := r.Context().Value(wireKey{}).(*wire)
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		h.log.Warn("WebSocket refused", "from", wire.RemoteAddr(), "reason", err)
		if wire.hasClosed() {
			h.forget(wire) // Upgrade had taken it over before it failed
		}
		return // Upgrade has answered
	}
	defer h.forget(wire) // a connection that was taken over is no longer the HTTP server's to count
	ws.SetReadLimit(maxPacket + 16)
	h.serveMQTT(wsconn.New(ws), wire)
}
