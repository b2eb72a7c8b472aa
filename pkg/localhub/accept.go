package localhub

import (
	"errors"
	"net"
	"slices"
	"syscall"
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

// acceptPause is how long the hub waits before it tries again to accept.
const acceptPause = 100 * time.Millisecond

// accept serves connections until l is closed. Whatever else goes wrong, it
// tries again. When there are too many files open, a connection that has not
// signed in makes room.
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

// pause reports whether the hub still runs after it.
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

// makeRoom ends a connection that has not signed in, and reports whether there
// was one.
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

// admit serves a connection, each by itself so that none holds up another, or
// ends it at once.
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

// enter puts conn on the list of those that are open, if the hub runs and has a
// place for it. loser, if not nil, is without a place now.
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

// turnAway ends a connection that has no place. The log says so once a second
// at most.
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
		h.log.Warn("too many connections: some that have not signed in are closed", "closed", n, "limit", h.options.MaxConnections)
	}
}

// authenticated lets conn keep its place.
func (h *Hub) authenticated(conn *network.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.places.authenticate(conn)
}

// forget takes conn off the list of those that are open, if it is still there.
func (h *Hub) forget(conn *network.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.places.leave(conn)
	if _, open := h.conns[conn]; open {
		delete(h.conns, conn)
		h.tasks.Done()
	}
}
