package sdktest

import (
	"errors"
	"testing"
	"time"

	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

// reconnectScenarios lose connections in every way. SDKs reconnect by
// themselves; some of them do not subscribe again but trust the hub to
// remember.
var reconnectScenarios = []scenario{
	{"come back after a cut", func(t testing.TB, j *judge) {
		j.listen(t, "m")
		j.hub.Disconnect(j.device, "m")
		j.comesBack(t, "m", 1)
		j.patch(t, "m", object{"b": 2})
		j.hears(t, `{"$version":3,"b":2}`)
		j.do(t, "report", object{"r": 1})
	}},
	{"come back after a reset", func(t testing.TB, j *judge) {
		j.listen(t, "m")
		j.hub.ResetConnection(j.device, "m")
		j.comesBack(t, "m", 1)
		j.patch(t, "m", object{"b": 2})
		j.hears(t, `{"$version":3,"b":2}`)
	}},
	{"come back after a restart of the hub", func(t testing.TB, j *judge) {
		j.listen(t, "m")
		j.restart(t)
		j.comesBack(t, "m", 1)
		j.patch(t, "m", object{"b": 2})
		j.hears(t, `{"$version":3,"b":2}`)
	}},
	{"catch up with what changed in the meantime", func(t testing.TB, j *judge) {
		j.listen(t, "m")
		j.hub.FailNext(1, fault.SignIn, fault.Cut())
		j.hub.Disconnect(j.device, "m")
		j.patch(t, "m", object{"b": 2})
		j.comesBack(t, "m", 1)
		j.do(t, "twin") // after whatever the SDK requests by itself
		j.patch(t, "m", object{"c": 3})
		if heard := j.nextPatch(t); at(heard, "b") == nil {
			t.Fatalf("the first patch that it hears is version %v", at(heard, "$version"))
		}
		j.hears(t, `{"$version":4,"c":3}`)
	}},
	{"subscribe again when the hub has forgotten", func(t testing.TB, j *judge) {
		j.listen(t, "m")
		j.hub.ForgetSessions()
		j.waitFor(t, "m", func(c localhub.ConnectionState) bool { return c.Connected && c.SignIns > 1 })
		j.do(t, "send", "after whatever it sends first")
		if state, _ := j.hub.WaitConnection(t.Context(), j.device, "m", func(localhub.ConnectionState) bool { return true }); !state.Subscribed {
			t.Error("it has not subscribed again")
		}
	}},
	{"renew the token before it expires", func(t testing.TB, j *judge) {
		j.connect(t, "m", "renewAfter", 1)
		j.do(t, "twin")
		j.do(t, "listen")
		j.comesBack(t, "m", 1)
		j.patchUntilHeard(t, "m")
	}},
	{"come back with a new token when it has expired", func(t testing.TB, j *judge) {
		j.listen(t, "m")
		j.hub.ExpireTokens()
		j.comesBack(t, "m", 1)
		j.patch(t, "m", object{"b": 2})
		j.hears(t, `{"$version":3,"b":2}`)
	}},
	{"disconnect and come back", func(t testing.TB, j *judge) {
		j.listen(t, "m")
		j.do(t, "disconnect")
		j.waitFor(t, "m", func(c localhub.ConnectionState) bool { return !c.Connected })
		j.signIn(t, letIn)
		j.do(t, "listen")
		j.comesBack(t, "m", 1)
		j.patch(t, "m", object{"b": 2})
		j.hears(t, `{"$version":3,"b":2}`)
	}},
}

// restart stops and resumes the hub. For a moment, a driver process that is
// being started may inherit the open sockets, so that the port is not free yet.
func (j *judge) restart(t testing.TB) {
	t.Helper()
	j.hub.Stop()
	err := j.hub.Resume()
	for deadline := time.Now().Add(patience); errors.Is(err, localhub.ErrPortTaken) && time.Now().Before(deadline); {
		err = j.hub.Resume()
	}
	if err != nil {
		t.Fatal(err)
	}
}
