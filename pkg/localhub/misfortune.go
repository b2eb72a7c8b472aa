package localhub

import "moduletwin/pkg/localhub/fault"

// Disconnect ends the connection of a device or, with a module id, of a
// module. It reports whether there was one.
func (h *Hub) Disconnect(deviceID, moduleID string) bool {
	return h.disconnectOne(deviceID, moduleID, fault.Cut())
}

// ResetConnection is [Hub.Disconnect] by an RST, where the network has such.
func (h *Hub) ResetConnection(deviceID, moduleID string) bool {
	return h.disconnectOne(deviceID, moduleID, fault.CutReset())
}

func (h *Hub) disconnectOne(deviceID, moduleID string, how fault.Failure) bool {
	e := h.registry.lock(key{deviceID, moduleID})
	if e == nil {
		return false
	}
	defer e.mu.Unlock()
	return h.disconnect(e, how)
}

// DisconnectAll is [Hub.Disconnect] for all devices and modules. It returns
// how many were connected.
func (h *Hub) DisconnectAll() (n int) {
	h.registry.each(func(e *entity) {
		if h.disconnect(e, fault.Cut()) {
			n++
		}
	})
	return n
}

// disconnect is [Hub.Disconnect] with the lock of e held.
func (h *Hub) disconnect(e *entity, how fault.Failure) bool {
	l := e.connected()
	if l == nil {
		return false
	}
	h.faults.Count("Disconnect", e.key)
	l.end(how)
	e.wake()
	return true
}

// ForgetSessions forgets the stored subscriptions of all devices and modules
// and cuts their connections: when they come back, the hub has never heard
// of them.
func (h *Hub) ForgetSessions() {
	h.faults.Count("ForgetSessions", "")
	h.registry.each(func(e *entity) {
		e.session = nil
		h.registry.store.putSession(e.key, nil)
		e.cut("sessions are forgotten")
	})
}

// ExpireTokens cuts every MQTT connection as if its token had expired, and
// refuses those same tokens from now on. (A client that signs a new token in
// the same second with the same lifetime gets the same one.)
func (h *Hub) ExpireTokens() {
	h.faults.Count("ExpireTokens", "")
	h.registry.each(func(e *entity) {
		if l := e.connected(); l != nil {
			h.expired.add(l.token)
			e.cut("its token was made to expire")
		}
	})
}
