package iotmodule_test

import (
	"testing"

	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
)

// Over WebSocket, all is the same.
func TestWebSocket(t *testing.T) {
	overWebSocket := func(o *iotmodule.Options) { o.WebSocket = true }
	inBothSettings(t, "cut and back again", func(s *scene) {
		s.someChanges("before")
		for _, how := range []localhub.Failure{localhub.Cut, localhub.CutReset} {
			signIns := s.awaitLink(func(l localhub.Link) bool { return l.Connected }).SignIns
			s.hub.Disconnect(deviceID, moduleID, how)
			s.someChanges("during" + how.String())
			s.awaitLink(func(l localhub.Link) bool { return l.SignIns > signIns && l.Subscribed })
		}
		s.someChanges("after")
		s.settled()
	}, overWebSocket)
}
