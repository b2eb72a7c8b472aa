package iotmodule_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

// TestNoChangeIsLost is the promise of SubscribeDesired: whatever goes wrong
// between the module and the hub, and whenever, the patches lead to the hub's
// state. Every failure is injected at every point of a connection's life, with
// changes made before, during and after it, once in simulated time with the
// client's own pauses, once over sockets.
func TestNoChangeIsLost(t *testing.T) {
	t.Parallel()
	points := []fault.Point{fault.SignIn, fault.Subscribe, fault.TwinGet, fault.Notify}
	failures := []fault.Failure{
		fault.Cut(), fault.CutReset(), fault.CutHalfway(), fault.LoseResponse(), fault.Silence(),
		fault.Garbage(), fault.Duplicate(), fault.Late(100 * time.Millisecond),
		fault.Status(3), fault.Status(5), fault.Status(400), fault.Status(429), fault.Status(500),
	}
	for _, point := range points {
		for _, failure := range failures {
			if point == fault.TwinGet && failure == fault.Status(400) {
				continue // a hub that says so means it
			}
			inSettings(t, settingsFor(point, failure), fmt.Sprintf("%v at %v", failure, point), func(s *scene) {
				s.someChanges("before")
				before := s.hub.FaultsInjected()
				s.hub.FailNext(2, point, failure)
				if point == fault.Notify {
					s.changeUntilFaults(before + 2)
				} else {
					s.hub.Disconnect(deviceID, moduleID) // they come with a new connection
					s.someChanges("during")
				}
				if err := s.hub.WaitFaults(s.ctx, before+2); err != nil {
					s.Fatal(err)
				}
				s.someChanges("after")
				s.settled()
			})
		}
	}
}

// phases bring the module to a moment of its life at which a fault may be injected.
var phases = []struct {
	name  string
	enter func(s *scene)
}{
	{"idle", func(*scene) {}},
	{"while a patch is half written", func(s *scene) {
		s.hub.SetNetwork(fault.Network{Trickle: true, Latency: time.Millisecond})
		s.patch(map[string]any{"long": strings.Repeat("x", 2000)})
	}},
	{"during CONNECT", heldAt(fault.SignIn)},
	{"between SUBSCRIBE and SUBACK", heldAt(fault.Subscribe)},
	{"between SUBSCRIBE and the twin", heldAt(fault.TwinGet)},
}

// heldAt returns once the hub makes the module wait for a response.
func heldAt(point fault.Point) func(s *scene) {
	return func(s *scene) {
		s.Helper()
		before := s.hub.FaultsInjected()
		s.hub.FailNext(1, point, fault.Late(100*time.Millisecond))
		s.hub.Disconnect(deviceID, moduleID)
		if err := s.hub.WaitFaults(s.ctx, before+2); err != nil {
			s.Fatal(err)
		}
	}
}

// The faults that are not tied to a point are injected in each phase. Those of the
// network last until the next changes have been made.
func TestNoChangeIsLostWhen(t *testing.T) {
	t.Parallel()
	network := func(n fault.Network) func(s *scene) {
		return func(s *scene) { s.hub.SetNetwork(n) }
	}
	faults := []struct {
		name   string
		inject func(s *scene)
	}{
		{"the hub closes the connection", func(s *scene) { s.hub.Disconnect(deviceID, moduleID) }},
		{"the connection is reset", func(s *scene) { s.hub.ResetConnection(deviceID, moduleID) }},
		{"the hub forgets sessions", func(s *scene) { s.hub.ForgetSessions() }},
		{"tokens expire", func(s *scene) { s.hub.ExpireTokens() }},
		{"the hub restarts", func(s *scene) {
			if err := s.hub.Restart(true); err != nil {
				s.Fatal(err)
			}
		}},
		{"nothing listens for a while", func(s *scene) {
			s.hub.Stop()
			s.someChanges("stopped")
			if err := s.hub.Resume(); err != nil {
				s.Fatal(err)
			}
		}},
		{"connections are refused", func(s *scene) {
			s.hub.SetNetwork(fault.Network{Refuse: true})
			s.hub.Disconnect(deviceID, moduleID)
		}},
		{"nothing arrives", network(fault.Network{Blackhole: true})},
		{"the network is slow", network(fault.Network{Latency: 5 * time.Millisecond})},
		{"bytes trickle", network(fault.Network{Trickle: true})},
	}
	for _, phase := range phases {
		for _, f := range faults {
			inBothSettings(t, f.name+" "+phase.name, func(s *scene) {
				s.someChanges("before")
				phase.enter(s)
				before := s.hub.FaultsInjected()
				f.inject(s)
				if s.hub.FaultsInjected() == before && phase.name != "during CONNECT" { // there, no connection is known yet
					s.Error("no fault was applied")
				}
				s.someChanges("during")
				s.hub.SetNetwork(fault.Network{})
				s.someChanges("after")
				s.settled()
			})
		}
	}
}

// A module that is cut off again and again still learns everything.
func TestCutAgainAndAgain(t *testing.T) {
	t.Parallel()
	inBothSettings(t, "five times", func(s *scene) {
		for i := range 5 {
			signIns := s.awaitConnection(func(l localhub.ConnectionState) bool { return l.Connected }).SignIns
			s.hub.Disconnect(deviceID, moduleID)
			s.someChanges(fmt.Sprint("cut", i))
			s.awaitConnection(func(l localhub.ConnectionState) bool { return l.SignIns > signIns })
		}
		s.settled()
	})
}

// A peer that is gone without a word is noticed within one and a half
// keep-alive periods.
func TestBlackhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, inSimulatedTime)
		s.someChanges("before")
		s.hub.SetNetwork(fault.Network{Blackhole: true})
		s.someChanges("during")
		signIns := s.awaitConnection(func(localhub.ConnectionState) bool { return true }).SignIns

		begin := time.Now()
		time.Sleep(95 * time.Second) // simulated: time stands still while anything is left to do
		s.hub.SetNetwork(fault.Network{})
		s.awaitConnection(func(l localhub.ConnectionState) bool { return l.SignIns > signIns })
		if took := time.Since(begin); took > 2*time.Minute {
			t.Errorf("signed in again after %v", took)
		}
		s.settled()
	})
}

// A client that another one pushes out comes back, names the likely cause and
// does so more and more slowly.
func TestContestedIdentity(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log journal
		s := newScene(t, inSimulatedTime, keepLog(&log))
		other, err := iotmodule.Dial(s.ctx, s.module, s.opts)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		time.Sleep(10 * time.Minute) // simulated
		signIns := s.awaitConnection(func(localhub.ConnectionState) bool { return true }).SignIns
		if signIns > 80 {
			t.Errorf("two clients pushed each other out %d times in ten minutes", signIns)
		}
		if want := "is another client signed in as"; log.count(want) != 2 { // each of the two
			t.Errorf("the log does not say twice %q:\n%s", want, &log)
		}
		other.Close()
		s.settled()
	})
}

// A refusal may be a passing one, but not for ever.
func TestRefusedAfterAGoodSignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, inSimulatedTime)
		s.hub.FailNext(1000, fault.SignIn, fault.Status(5))
		s.hub.Disconnect(deviceID, moduleID)
		begin := time.Now()
		err := s.reader.awaitEnd(s)
		if !isUnauthorized(err) {
			t.Errorf("the sequence ended with %v, want ErrUnauthorized", err)
		}
		if took := time.Since(begin); took < time.Minute || took > 4*time.Minute {
			t.Errorf("the client gave up after %v", took)
		}
		if _, err := s.client.GetTwin(s.ctx); !isUnauthorized(err) {
			t.Errorf("GetTwin afterwards: %v", err)
		}
		if _, err := s.client.SubscribeDesired(s.ctx); !isUnauthorized(err) {
			t.Errorf("SubscribeDesired afterwards: %v", err)
		}
	})
}

// Tokens are renewed by a planned reconnect, in which nothing is lost.
func TestTokenRenewal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log journal
		s := newScene(t, inSimulatedTime, keepLog(&log), func(o *iotmodule.Options) { o.TokenLifetime = 3 * time.Second })
		for i := range 10 {
			s.someChanges(fmt.Sprint("token", i))
			s.awaitConnection(func(l localhub.ConnectionState) bool { return l.SignIns >= i+2 && l.Connected })
		}
		s.settled()
		if log.count("connection lost") > 0 {
			t.Errorf("a renewal was taken for a loss:\n%s", &log)
		}
	})
}

// The default lifetime of a token is an hour; it is renewed when a fifth is
// left.
func TestTokenRenewalByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, inSimulatedTime)
		begin := time.Now()
		s.awaitConnection(func(l localhub.ConnectionState) bool { return l.SignIns == 2 })
		if took := time.Since(begin); took != 48*time.Minute {
			t.Errorf("signed in again after %v", took)
		}
		s.settled()
	})
}

// A module whose primary key is changed stays signed in by the secondary.
func TestSecondaryKey(t *testing.T) {
	t.Parallel()
	inBothSettings(t, "rotated", func(s *scene) {
		registry := s.registry()
		module, err := registry.GetModule(s.ctx, deviceID, moduleID)
		if err != nil {
			s.Fatal(err)
		}
		keys := &module.Authentication.SymmetricKey
		keys.SecondaryKey = keys.PrimaryKey
		keys.PrimaryKey = iothub.NewKey([]byte("a new primary key of 32 bytes..."))
		if _, err := registry.UpdateModule(s.ctx, module); err != nil {
			s.Fatal(err)
		}
		s.someChanges("before")
		s.hub.Disconnect(deviceID, moduleID)
		s.someChanges("after")
		s.settled()
	})
}

// An identity that was deleted and created anew begins a new count, as does
// one of a hub that has lost its memory.
func TestCountStartsOver(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(s *scene, registry *iothub.Registry) error{
		"after a deletion": func(s *scene, registry *iothub.Registry) error {
			return registry.DeleteModule(s.ctx, deviceID, moduleID, "")
		},
		"after the hub lost its state": func(s *scene, _ *iothub.Registry) error {
			return s.hub.Restart(false)
		},
	} {
		inBothSettings(t, name, func(s *scene) {
			registry := s.registry()
			module, err := registry.GetModule(s.ctx, deviceID, moduleID) // for its keys
			if err != nil {
				s.Fatal(err)
			}
			s.someChanges("before")
			_, version := s.desired()
			s.reader.await(s, version)
			s.reader.update(func() { s.reader.mayRestart = true })
			if err := lose(s, registry); err != nil {
				s.Fatal(err)
			}
			s.hub.AddDevice(deviceID)
			if _, err := registry.CreateModule(s.ctx, module); err != nil {
				s.Fatal(err)
			}
			s.patch(map[string]any{"new": true})
			s.awaitConnection(func(l localhub.ConnectionState) bool { return l.Subscribed })
			s.patch(map[string]any{"newer": true})
			s.reader.await(s, 3)
			s.compare()
		})
	}
}

func TestBurst(t *testing.T) {
	t.Parallel()
	inBothSettings(t, "of 500 patches", func(s *scene) {
		for i := range 500 {
			s.patch(map[string]any{"n": i, fmt.Sprint("p", i%7): nil, fmt.Sprint("p", i%5): i})
		}
		s.settled()
		if got := s.reader.count(); got != 501 {
			s.Errorf("%d patches arrived, want each of 501", got)
		}
	})
}
