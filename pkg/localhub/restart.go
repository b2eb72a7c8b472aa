package localhub

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Stop closes the hub's port and cuts all connections. Nothing listens there
// until [Hub.Resume]. [Options.Listeners], which could not be opened again,
// stay open, but new connections to them are closed at once.
func (h *Hub) Stop() { h.stop(0) }

// StopFor is [Hub.Stop] for a while: after d, the hub listens again by itself,
// unless it was stopped again or resumed in between.
func (h *Hub) StopFor(d time.Duration) { h.stop(d) }

// stop stops the hub for d, or until further notice if d is zero.
func (h *Hub) stop(d time.Duration) {
	h.faults.Count("Stop", nil)
	h.stopping.Lock()
	defer h.stopping.Unlock()
	h.stopListening()
	h.cutAll()
	h.endPause()
	h.conditionsChanged("the hub has stopped")
	if d > 0 {
		h.resumeAfter(d)
	}
}

// resumeAfter begins a pause of length d, after which the hub listens again.
// The caller holds h.stopping.
func (h *Hub) resumeAfter(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	pause := time.NewTimer(d)
	h.pauseEnds, h.stoppedUntil = make(chan struct{}), time.Now().Add(d)
	ended := h.pauseEnds
	h.tasks.Go(func() {
		defer pause.Stop()
		select {
		case <-pause.C:
			h.resumeFrom(ended)
		case <-ended: // the hub was stopped again or resumed
		case <-h.ctx.Done():
		}
	})
}

// resumeFrom listens again after a pause, unless another call ended the pause
// just as it ran out.
func (h *Hub) resumeFrom(pause chan struct{}) {
	h.stopping.Lock()
	if h.pauseEnds != pause {
		h.stopping.Unlock()
		return
	}
	err := h.resume()
	h.stopping.Unlock() // before logging, as a log handler may call the hub
	if err != nil {
		h.log.Error(err.Error())
		return
	}
	h.log.Info("the hub accepts connections again")
}

// endPause cancels the pause, if there is one. The caller holds h.stopping.
func (h *Hub) endPause() {
	if h.pauseEnds != nil {
		close(h.pauseEnds)
		h.pauseEnds, h.stoppedUntil = nil, time.Time{}
	}
}

// Stopped reports whether the hub is stopped, by [Hub.Stop] or [Hub.StopFor],
// and until when. The time is zero if the hub does not listen again by itself.
func (h *Hub) Stopped() (stopped bool, until time.Time) {
	h.stopping.Lock()
	defer h.stopping.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stopped, h.stoppedUntil
}

func (h *Hub) stopListening() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
	h.closeListeners()
}

// closeListeners closes the listeners that can be opened again. The caller
// holds h.mu.
func (h *Hub) closeListeners() {
	for _, l := range h.listeners {
		l.Close()
	}
	h.listeners = nil
}

func (h *Hub) cutAll() {
	h.mu.Lock()
	open := slices.Collect(maps.Keys(h.conns))
	h.mu.Unlock()
	for _, conn := range open {
		conn.Close()
	}
}

// Resume listens again on the same port, after [Hub.Stop]. If another program
// has taken the port meanwhile, the error matches [ErrPortTaken]; after
// [Hub.Close], it matches [ErrClosed].
func (h *Hub) Resume() error {
	h.stopping.Lock()
	defer h.stopping.Unlock()
	return h.resume()
}

// resume is [Hub.Resume] for callers that hold h.stopping.
func (h *Hub) resume() error {
	h.endPause()
	h.mu.Lock()
	stopped, addresses := h.stopped, h.addresses
	h.mu.Unlock()
	if !stopped {
		return nil
	}
	if err := h.listen(addresses); err != nil {
		return fmt.Errorf("localhub: %w", err)
	}
	h.startAccepting(nil)
	h.conditionsChanged("the hub listens again")
	return nil
}

// Restart is [Hub.Stop] and [Hub.Resume], as when the hub's machine reboots.
func (h *Hub) Restart() error {
	h.Stop()
	return h.Resume()
}

// RestartEmpty is [Hub.Restart] with a loss of data: the hub keeps its
// certificate and the keys of its policies, but forgets all identities, twins
// and sessions.
func (h *Hub) RestartEmpty() error {
	h.Stop()
	return errors.Join(h.registry.Clear(), h.Resume())
}
