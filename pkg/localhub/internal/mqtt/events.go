package mqtt

import (
	"moduletwin/pkg/localhub/event"
	"moduletwin/pkg/localhub/internal/network"
)

// publishEvent completes e by whom it is about and from where that speaks.
func (c *connection) publishEvent(e event.Event) {
	if !c.server.Events.Watched() {
		return
	}
	id := c.client.ID()
	e.DeviceID, e.ModuleID = id.Device, id.Module
	e.RemoteAddr = c.RemoteAddr().String()
	c.server.Events.Publish(e)
}

// publishRefusal tells of a sign-in that was refused. Who is meant is what the
// client says.
func (s *Server) publishRefusal(who newcomer, socket *network.Conn, reason error) {
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

// twinPath stands in events for the topics of twin requests.
const twinPath = "$iothub/twin"
