package localhub

import (
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"moduletwin/pkg/localhub/internal/network"
)

// startAccepting serves the listeners that are open, and more.
func (h *Hub) startAccepting(more []net.Listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.stopped = false
	for _, l := range slices.Concat(h.listeners, more) {
		h.tasks.Go(func() { h.accept(l) })
	}
}

// accept serves connections until l is closed. When there are too many files
// open, it tries again after a moment.
func (h *Hub) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			h.admit(conn)
			continue
		case errors.Is(err, net.ErrClosed) || h.ctx.Err() != nil:
			return
		case !strings.Contains(err.Error(), "too many open files"):
			h.log.Error("cannot accept connections any more", "address", l.Addr(), "error", err)
			return
		}
		h.log.Warn("cannot accept a connection for now", "error", err)
		moment := time.NewTimer(100 * time.Millisecond)
		select {
		case <-moment.C:
		case <-h.ctx.Done():
			moment.Stop()
			return
		}
	}
}

// admit serves conn, each by itself so that none holds up another, or ends
// it at once.
func (h *Hub) admit(accepted net.Conn) {
	conn := network.NewConn(accepted, &h.conditions)
	h.mu.Lock()
	full := len(h.conns) >= h.options.MaxConnections
	refused := full || h.closed || h.stopped
	if !refused {
		h.conns[conn] = struct{}{}
		h.tasks.Add(1)
	}
	h.mu.Unlock()
	switch {
	case refused:
		if full {
			h.log.Warn("connection refused: there are too many", "limit", h.options.MaxConnections)
		}
		conn.Reset()
	case h.conditions.Refuses():
		conn.Reset()
		h.forget(conn)
	default:
		go h.serve(conn)
	}
}

// forget takes conn off the list of those that are open, if it is still there.
func (h *Hub) forget(conn *network.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, open := h.conns[conn]; open {
		delete(h.conns, conn)
		h.tasks.Done()
	}
}
