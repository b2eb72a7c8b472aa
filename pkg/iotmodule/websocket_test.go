package iotmodule_test

import (
	"testing"

	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
)

// Over WebSocket, no change is lost either.
func TestWebSocket(t *testing.T) {
	t.Parallel()
	overWebSocket := func(o *iotmodule.Options) { o.WebSocket = true }
	inBothSettings(t, "cut and back again", func(s *fixture) {
		s.someChanges("before")
		for name, disconnect := range map[string]func(string, string) bool{"Cut": s.hub.Disconnect, "Reset": s.hub.ResetConnection} {
			signIns := s.awaitConnection(func(l localhub.ConnectionState) bool { return l.Connected }).SignIns
			disconnect(deviceID, moduleID)
			s.someChanges("during" + name)
			s.awaitConnection(func(l localhub.ConnectionState) bool { return l.SignIns > signIns && l.Subscribed })
		}
		s.someChanges("after")
		s.settled()
	}, overWebSocket)
}
