package localhub

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"moduletwin/pkg/internal/wsconn"
	"moduletwin/pkg/localhub/internal/network"
)

// serve finds out which protocol a connection speaks and serves it. One port is
// enough for all protocols: inside TLS, an MQTT client begins with the first
// byte of a CONNECT packet, with which no HTTP request can begin.
func (h *Hub) serve(socket *network.Conn) {
	handedOver := false
	defer func() {
		h.logPanic(socket, recover()) // before forget, after which Close no longer waits for this
		if !handedOver {
			socket.Close()
			h.forget(socket)
		}
	}()
	conn := tls.Server(socket, h.tls)
	conn.SetDeadline(time.Now().Add(h.options.SignInTimeout))
	if err := conn.HandshakeContext(h.ctx); err != nil {
		h.logHandshake(socket, err)
		return
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(conn, first); err != nil {
		return
	}
	conn.SetDeadline(time.Time{})
	begun := &begunConn{Conn: conn, socket: socket, first: first}
	if first[0] == connectByte {
		h.mqtt.Serve(begun, socket)
		return
	}
	handedOver = h.httpConns.give(begun)
}

// connectByte is the first byte of every MQTT connection.
const connectByte = 0x10

// logHandshake logs a failed handshake, for example with a client that does not
// trust the hub, unless it failed only because either side closed the
// connection.
func (h *Hub) logHandshake(socket *network.Conn, err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || socket.HasClosed() || h.ctx.Err() != nil {
		return
	}
	h.log.Warn("TLS handshake failed", "from", socket.RemoteAddr(), "error", err)
}

// logPanic logs a panic that occurred while a client was served. The hub goes
// on running; only the connection ends.
func (h *Hub) logPanic(socket *network.Conn, panicked any) {
	if panicked != nil && panicked != http.ErrAbortHandler {
		h.log.Error("the hub failed to serve a client", "from", socket.RemoteAddr(), "panic", panicked, "stack", string(debug.Stack()))
	}
}

// begunConn is a connection whose first byte has been read.
type begunConn struct {
	net.Conn
	socket *network.Conn
	first  []byte
}

func (c *begunConn) Read(p []byte) (int, error) {
	if len(c.first) > 0 && len(p) > 0 {
		n := copy(p, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// handoff is the listener of the HTTP server: it accepts the connections that
// are given to it.
type handoff struct {
	conns chan *begunConn
	done  <-chan struct{}
}

func (l *handoff) give(conn *begunConn) bool {
	select {
	case l.conns <- conn:
		return true
	case <-l.done:
		return false
	}
}

func (l *handoff) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *handoff) Close() error   { return nil }
func (l *handoff) Addr() net.Addr { return &net.TCPAddr{} }

// startHTTP starts the HTTP server for the connections that serve hands over.
func (h *Hub) startHTTP() {
	h.httpConns = &handoff{conns: make(chan *begunConn), done: h.ctx.Done()}
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
			return network.NewContext(ctx, conn.(*begunConn).socket)
		},
		ConnState: func(conn net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				h.forget(conn.(*begunConn).socket)
			}
		},
	}
	h.tasks.Go(func() { h.http.Serve(h.httpConns) })
}

// serveHTTP serves MQTT over WebSocket at its path, and the REST interface at
// all others.
func (h *Hub) serveHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if p := recover(); p != nil {
			h.logPanic(network.FromContext(r.Context()), p)
			panic(http.ErrAbortHandler) // ends the connection without a response
		}
	}()
	if r.URL.Path == wsconn.Path {
		h.serveWebSocket(w, r)
		return
	}
	h.rest.ServeHTTP(w, r)
}
