package localhub

import (
	"errors"
	"net"
	"slices"
	"syscall"
	"time"

	"moduletwin/pkg/localhub/internal/network"
)

// startAccepting serves the hub's open listeners and those in more.
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

// acceptPause is how long the hub waits before it retries a failed accept.
const acceptPause = 100 * time.Millisecond

// accept serves connections until l is closed. After any other error it tries
// again. If too many files are open, it closes a connection that has not signed
// in to make room.
func (h *Hub) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			h.admit(conn)
		case errors.Is(err, net.ErrClosed) || h.ctx.Err() != nil:
			return
		case errors.Is(err, syscall.EMFILE) && h.makeRoom():
		default:
			h.log.Warn("cannot accept a connection for now", "address", l.Addr(), "error", err)
			if !h.pause(acceptPause) {
				return
			}
		}
	}
}

// pause waits for d and reports whether the hub is still running. It returns
// early when the hub is closed.
func (h *Hub) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-h.ctx.Done():
		return false
	}
}

// makeRoom closes a connection that has not signed in, and reports whether
// there was one.
func (h *Hub) makeRoom() bool {
	h.mu.Lock()
	freed := h.places.free()
	h.mu.Unlock()
	if freed == nil {
		return false
	}
	h.turnAway(freed)
	return true
}

// admit either serves a connection in a goroutine of its own, so that none
// holds up another, or closes it at once.
func (h *Hub) admit(accepted net.Conn) {
	conn := network.NewConn(accepted, &h.conditions)
	entered, loser := h.enter(conn)
	if loser != nil {
		h.turnAway(loser)
	}
	switch {
	case !entered:
		conn.Reset()
	case h.conditions.Refuses():
		conn.Reset()
		h.forget(conn)
	default:
		go h.serve(conn)
	}
}

// enter adds conn to the open connections, if the hub is running and has a
// place for it. loser, if not nil, is the connection left without a place: an
// older one or conn itself.
func (h *Hub) enter(conn *network.Conn) (entered bool, loser *network.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || h.stopped {
		return false, nil
	}
	if loser = h.places.take(conn); loser == conn {
		return false, loser
	}
	h.conns[conn] = struct{}{}
	h.tasks.Add(1)
	return true, loser
}

// turnAway closes a connection that has no place. It logs this at most once a
// second.
func (h *Hub) turnAway(conn *network.Conn) {
	conn.Reset()
	h.mu.Lock()
	h.turnedAway++
	n, now := h.turnedAway, time.Now()
	late := now.Sub(h.turnedAwayLogged) >= time.Second
	if late {
		h.turnedAway, h.turnedAwayLogged = 0, now
	}
	h.mu.Unlock()
	if late {
		h.log.Warn("too many connections: closed some that have not signed in", "closed", n, "limit", h.options.MaxConnections)
	}
}

// authenticated marks conn as signed in, so that it keeps its place.
func (h *Hub) authenticated(conn *network.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.places.authenticate(conn)
}

// forget removes conn from the open connections, if it is still one of them.
func (h *Hub) forget(conn *network.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.places.leave(conn)
	if _, open := h.conns[conn]; open {
		delete(h.conns, conn)
		h.tasks.Done()
	}
}
