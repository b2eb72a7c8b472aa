package sdktest

import (
	"testing"

	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

// judgeReconnect loses connections in every way. This SDK comes back by
// itself but subscribes to nothing again: it trusts the hub to remember.
func judgeReconnect(t *testing.T, s side, device string) {
	// listen has a module connected and listening. Without reading the twin
	// once, this SDK would not hear the answer when it reads it again.
	listen := func(t *testing.T, module string, options object) {
		t.Helper()
		s.connect(t, device, module, options)
		s.driver.do(t, "get_twin")
		s.driver.do(t, "listen")
		s.patch(t, device, module, object{"a": 1})
		s.hears(t, `{"$version":2,"a":1}`)
	}
	t.Run("survives a cut", func(t *testing.T) {
		listen(t, "cut", nil)
		for i, disconnect := range []func(string, string) bool{s.hub.Disconnect, s.hub.ResetConnection} {
			disconnect(device, "cut")
			s.link(t, device, "cut", subscribedAgain(i+1))
			s.patch(t, device, "cut", object{"b": i})
			s.driver.do(t, "patch_twin_reported_properties", object{"r": i})
		}
		s.hears(t, `{"$version":3,"b":0}`)
		s.hears(t, `{"$version":4,"b":1}`)
	})
	t.Run("survives a restart of the hub", func(t *testing.T) {
		listen(t, "restart", object{"connection_retry_interval": 1})
		if err := s.hub.Restart(true); err != nil {
			t.Fatal(err)
		}
		s.link(t, device, "restart", subscribedAgain(1))
		s.patch(t, device, "restart", object{"b": 2})
		s.hears(t, `{"$version":3,"b":2}`)
	})
	t.Run("catches up after a cut", func(t *testing.T) {
		listen(t, "away", object{"connection_retry_interval": 1})
		s.hub.FailNext(1, fault.SignIn, fault.Cut())
		faults := s.hub.FaultsInjected()
		s.hub.Disconnect(device, "away")
		s.patch(t, device, "away", object{"b": 2})
		if err := s.hub.WaitFaults(t.Context(), faults+2); err != nil {
			t.Fatal(err)
		}
		s.hears(t, `{"$version":3,"a":1,"b":2}`) // all of the desired properties
	})
	t.Run("renews its token", func(t *testing.T) {
		listen(t, "renews", object{"sastoken_ttl": 121}) // it does so two minutes before the end
		s.link(t, device, "renews", subscribedAgain(2))
		s.patch(t, device, "renews", object{"b": 2})
		s.hears(t, `{"$version":3,"b":2}`)
	})
	t.Run("goes and comes back", func(t *testing.T) {
		listen(t, "goes", nil)
		s.driver.do(t, "disconnect")
		s.link(t, device, "goes", func(l localhub.ConnectionState) bool { return !l.Connected })
		s.signIn(t, letIn)
		s.link(t, device, "goes", subscribedAgain(1))
		s.patch(t, device, "goes", object{"b": 2})
		s.hears(t, `{"$version":3,"b":2}`)
	})
}
