package localhub

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Stop closes the hub's port and cuts all connections: until [Hub.Resume],
// nothing listens there. At [Options.Listeners], which cannot be opened
// again, new connections are closed as they come.
func (h *Hub) Stop() {
	h.faults.Count("Stop", nil)
	h.stopping.Lock()
	defer h.stopping.Unlock()
	h.stopListening()
	h.cutAll()
}

func (h *Hub) stopListening() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
	h.closeListeners()
}

// closeListeners closes those that can be opened again. The lock is held.
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

// Resume listens again at the same port, after [Hub.Stop]. If another
// program has taken the port meanwhile, it is an error.
func (h *Hub) Resume() error {
	h.stopping.Lock()
	defer h.stopping.Unlock()
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
	return nil
}

var errClosed = errors.New("the hub is closed")

// Restart is [Hub.Stop] and [Hub.Resume], as when the hub's machine reboots.
// With keep, the hub knows everything again; without, it is left with its
// certificate and the keys of its policies, and has forgotten all identities,
// twins and sessions.
func (h *Hub) Restart(keep bool) error {
	h.Stop()
	if !keep {
		h.registry.Clear()
	}
	return h.Resume()
}
