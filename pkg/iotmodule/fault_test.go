package iotmodule_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

// TestNoChangeIsLost checks the promise of SubscribeDesired: whatever goes
// wrong between the module and the hub, and whenever, the patches lead to the
// hub's state. Every failure is injected at every point in the life of a
// connection, with changes before, during and after it, once in simulated time
// with the client's own pauses and once over sockets.
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
				continue // a 400 is final: the hub means it
			}
			inSettings(t, settingsFor(point, failure), fmt.Sprintf("%v at %v", failure, point), func(s *fixture) {
				s.someChanges("before")
				before := s.hub.FaultsInjected()
				s.hub.FailNext(2, point, failure)
				if point == fault.Notify {
					s.changeUntilFaults(before + 2)
				} else {
					s.hub.Disconnect(deviceID, moduleID) // the faults come with a new connection
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

// phases bring the module to a moment at which a fault may be injected.
var phases = []struct {
	name  string
	enter func(s *fixture)
}{
	{"idle", func(*fixture) {}},
	{"while a patch is half written", func(s *fixture) {
		s.hub.SetNetwork(fault.Network{Trickle: true, Latency: time.Millisecond})
		s.patch(map[string]any{"long": strings.Repeat("x", 2000)})
	}},
	{"during CONNECT", heldAt(fault.SignIn)},
	{"between SUBSCRIBE and SUBACK", heldAt(fault.Subscribe)},
	{"between SUBSCRIBE and the twin", heldAt(fault.TwinGet)},
}

// heldAt returns once the hub makes the module wait for a response.
func heldAt(point fault.Point) func(s *fixture) {
	return func(s *fixture) {
		s.Helper()
		before := s.hub.FaultsInjected()
		s.hub.FailNext(1, point, fault.Late(100*time.Millisecond))
		s.hub.Disconnect(deviceID, moduleID)
		if err := s.hub.WaitFaults(s.ctx, before+2); err != nil {
			s.Fatal(err)
		}
	}
}

// Faults that are not tied to a point are injected in each phase. Network
// faults last until the next changes have been made.
func TestNoChangeIsLostWhen(t *testing.T) {
	t.Parallel()
	network := func(n fault.Network) func(s *fixture) {
		return func(s *fixture) { s.hub.SetNetwork(n) }
	}
	faults := []struct {
		name   string
		inject func(s *fixture)
	}{
		{"the hub closes the connection", func(s *fixture) { s.hub.Disconnect(deviceID, moduleID) }},
		{"the connection is reset", func(s *fixture) { s.hub.ResetConnection(deviceID, moduleID) }},
		{"the hub forgets sessions", func(s *fixture) { s.hub.ForgetSessions() }},
		{"tokens expire", func(s *fixture) { s.hub.ExpireTokens() }},
		{"the hub restarts", func(s *fixture) {
			if err := s.hub.Restart(); err != nil {
				s.Fatal(err)
			}
		}},
		{"nothing listens for a while", func(s *fixture) {
			s.hub.Stop()
			s.someChanges("stopped")
			if err := s.hub.Resume(); err != nil {
				s.Fatal(err)
			}
		}},
		{"connections are refused", func(s *fixture) {
			s.hub.SetNetwork(fault.Network{Refuse: true})
			s.hub.Disconnect(deviceID, moduleID)
		}},
		{"nothing arrives", network(fault.Network{Blackhole: true})},
		{"the network is slow", network(fault.Network{Latency: 5 * time.Millisecond})},
		{"bytes trickle", network(fault.Network{Trickle: true})},
	}
	for _, phase := range phases {
		for _, f := range faults {
			inBothSettings(t, f.name+" "+phase.name, func(s *fixture) {
				s.someChanges("before")
				phase.enter(s)
				before := s.hub.FaultsInjected()
				f.inject(s)
				if s.hub.FaultsInjected() == before && phase.name != "during CONNECT" { // the hub does not know the connection then
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
	inBothSettings(t, "five times", func(s *fixture) {
		for i := range 5 {
			signIns := s.awaitConnection(func(l localhub.ConnectionState) bool { return l.Connected }).SignIns
			s.hub.Disconnect(deviceID, moduleID)
			s.someChanges(fmt.Sprint("cut", i))
			s.awaitConnection(func(l localhub.ConnectionState) bool { return l.SignIns > signIns })
		}
		s.settled()
	})
}

func TestBurst(t *testing.T) {
	t.Parallel()
	inBothSettings(t, "of 500 patches", func(s *fixture) {
		for i := range 500 {
			s.patch(map[string]any{"n": i, fmt.Sprint("p", i%7): nil, fmt.Sprint("p", i%5): i})
		}
		s.settled()
		if got := s.reader.count(); got != 501 {
			s.Errorf("%d patches arrived, want each of 501", got)
		}
	})
}
