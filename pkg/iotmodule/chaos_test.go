package iotmodule_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/localhub/fault"
)

var (
	chaosFor  = flag.Duration("chaos", 0, "how long to play random schedules of faults, in real time; at least two are played")
	chaosSeed = flag.Uint64("chaos.seed", 1, "the seed of the first schedule; 0 means a random one")
)

// TestChaos plays random schedules of faults while changes are made, and
// compares the states in a healthy window after every few faults. In simulated
// time, a schedule covers hours; over sockets, resets are real. The schedules
// are always the same unless a flag says otherwise.
func TestChaos(t *testing.T) {
	t.Parallel()
	first := *chaosSeed
	if first == 0 {
		first = rand.Uint64()
	}
	t.Logf("the first schedule has the seed %d", first)
	begin := time.Now()
	for seed := first; !t.Failed() && (seed < first+2 || time.Since(begin) < *chaosFor); seed++ {
		t.Run(fmt.Sprintf("seed %d %s", seed, inSimulatedTime), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { playChaos(newFixture(t, inSimulatedTime), seed, time.Minute) })
		})
		t.Run(fmt.Sprintf("seed %d %s", seed, withShortLimits), func(t *testing.T) {
			playChaos(newFixture(t, withShortLimits), seed, 20*time.Millisecond)
		})
	}
}

// playChaos plays one schedule. A bad phase lasts up to pause.
func playChaos(s *fixture, seed uint64, pause time.Duration) {
	random := rand.New(rand.NewPCG(seed, 0))
	before := s.hub.FaultsInjected()
	for window := range 5 {
		for range 1 + random.IntN(3) {
			someFault(s, random)
			s.patch(randomPatch(random))
			<-time.After(time.Duration(random.Int64N(int64(pause)))) // the bad phase passes, whatever happens in it
			s.patch(randomPatch(random))
		}
		s.hub.SetNetwork(fault.Network{})
		s.hub.ClearFaults()
		late := s.read() // subscribes late
		version := s.patch(map[string]any{"window": window})
		s.settled()
		late.await(s, version+1)
		if want, _ := s.desired(); !reflect.DeepEqual(late.snapshot(), want) {
			s.Errorf("a reader that subscribed late has\n%v\nthe hub has\n%v", late.snapshot(), want)
		}
	}
	if s.hub.FaultsInjected() == before {
		s.Error("no fault was applied")
	}
	if s.Failed() {
		s.Logf("to repeat: go test ./pkg/iotmodule -run TestChaos -chaos.seed %d", seed)
	}
}

// someFault injects a fault or arms a few; most of these need a new connection.
func someFault(s *fixture, random *rand.Rand) {
	points := []fault.Point{fault.SignIn, fault.Subscribe, fault.TwinGet, fault.Notify}
	failures := []fault.Failure{
		fault.Cut(), fault.CutReset(), fault.CutHalfway(), fault.LoseResponse(), fault.Silence(),
		fault.Garbage(), fault.Duplicate(), fault.Late(50 * time.Millisecond), fault.Status(5), fault.Status(503),
	}
	for range random.IntN(3) {
		s.hub.FailNext(1+random.IntN(2), points[random.IntN(len(points))], failures[random.IntN(len(failures))])
	}
	switch random.IntN(7) {
	case 0, 1:
		s.hub.Disconnect(deviceID, moduleID)
	case 2:
		s.hub.ResetConnection(deviceID, moduleID)
	case 3:
		s.hub.ForgetSessions()
	case 4:
		s.hub.ExpireTokens()
	case 5:
		s.hub.SetNetwork(fault.Network{Blackhole: random.IntN(2) == 0, Refuse: random.IntN(2) == 0})
	case 6:
		s.hub.SetNetwork(fault.Network{Latency: time.Duration(random.IntN(5)) * time.Millisecond, Trickle: random.IntN(2) == 0})
		s.hub.Disconnect(deviceID, moduleID)
	}
}

func randomPatch(random *rand.Rand) map[string]any {
	patch := map[string]any{}
	for range 1 + random.IntN(3) {
		name := fmt.Sprint("p", random.IntN(6))
		switch random.IntN(4) {
		case 0:
			patch[name] = nil
		case 1:
			patch[name] = map[string]any{"a": random.IntN(9), "b": nil}
		default:
			patch[name] = random.IntN(9)
		}
	}
	return patch
}
