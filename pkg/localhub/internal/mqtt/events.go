package mqtt

import (
	"moduletwin/pkg/localhub/event"
	"moduletwin/pkg/localhub/internal/network"
)

// publishEvent adds the client's identity and address to e and publishes it.
func (c *connection) publishEvent(e event.Event) {
	if !c.server.Events.Watched() {
		return
	}
	id := c.client.ID()
	e.DeviceID, e.ModuleID = id.Device, id.Module
	e.RemoteAddr = c.RemoteAddr().String()
	c.server.Events.Publish(e)
}

// publishRefusal publishes that a sign-in was refused, with the identity that
// the client claimed.
func (s *Server) publishRefusal(who claim, socket *network.Conn, reason error) {
	if s.Events.Watched() {
		s.Events.Publish(event.Event{
			Kind:       event.SignInRefused,
			DeviceID:   who.id.Device,
			ModuleID:   who.id.Module,
			RemoteAddr: socket.RemoteAddr().String(),
			Reason:     reason.Error(),
		})
	}
}

// publishTwinRequest publishes that a request was carried out or, if there is a
// reason, refused. Its path is what the topics of all twin requests begin with.
func (c *connection) publishTwinRequest(r twinRequest, status int, reason string) {
	if !c.server.Events.Watched() {
		return
	}
	kind := event.Request
	if reason != "" {
		kind = event.RequestRefused
	}
	c.publishEvent(event.Event{Kind: kind, By: c.client.ID().String(), Method: r.method, Path: "$iothub/twin", Status: status, Reason: reason})
}
