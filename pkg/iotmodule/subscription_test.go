package iotmodule_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/internal/mergepatch"
	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

// Close ends one subscription, whether somebody waits for its patches or
// patches wait for somebody, and no other.
func TestSubscriptionCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, inSimulatedTime)
		waitedFor, waiting := s.subscribe(), s.subscribe()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for patch, err := range waitedFor.Patches() {
				t.Errorf("the closed subscription brought %v, %v", patch, err)
			}
		}()
		synctest.Wait()
		waitedFor.Close()
		waitedFor.Close()
		<-ended
		s.settled()
		waiting.Close()
		for patch, err := range waiting.Patches() {
			t.Errorf("the closed subscription brought %v, %v", patch, err)
		}
		s.settled()
	})
}

// A client whose last subscription was closed does not read the twin any more.
func TestLastSubscriptionCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, inSimulatedTime)
		s.client.Close()
		s.dial()
		s.reader.subscription.Close()
		if err := s.reader.awaitEnd(s); err != nil {
			t.Errorf("the sequence ended with %v", err)
		}
		before := s.hub.FaultsInjected()
		s.hub.FailNext(1, fault.TwinGet, fault.Status(500))
		s.hub.Disconnect(deviceID, moduleID)
		time.Sleep(time.Hour)                                           // simulated
		if injected := s.hub.FaultsInjected() - before; injected != 1 { // the cut
			t.Errorf("%d faults were injected, want only the cut: the twin was read", injected)
		}
		s.reader = s.read()
		s.settled()
	})
}

// However Close of the client and SubscribeDesired meet, ranging ends.
func TestSubscribeDuringClose(t *testing.T) {
	t.Parallel()
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t, inSimulatedTime)
			var readers sync.WaitGroup
			for range 4 {
				readers.Go(func() {
					for {
						subscription, err := s.client.SubscribeDesired(s.ctx)
						if errors.Is(err, iotmodule.ErrClosed) {
							return
						}
						if err != nil {
							t.Error(err)
							return
						}
						readers.Go(func() {
							for _, err := range subscription.Patches() {
								t.Error(err)
							}
						})
					}
				})
			}
			time.Sleep(rand.N(time.Millisecond)) // simulated
			s.client.Close()
			readers.Wait()
		})
	}
}

// Subscribers come and go while connections break, and each patch leads each of
// them to the hub's state of its version.
func TestSubscribersComeAndGo(t *testing.T) {
	t.Parallel()
	inBothSettings(t, "during faults", func(s *scene) {
		var mu sync.Mutex
		var seen []iothub.Properties
		var subscribers sync.WaitGroup
		for i := range 4 {
			subscribers.Go(func() {
				for range 3 {
					states := s.followBriefly(1 + i)
					mu.Lock()
					seen = append(seen, states...)
					mu.Unlock()
				}
			})
		}
		done := make(chan struct{})
		go func() { subscribers.Wait(); close(done) }()
		states := s.changeAndCutUntil(done)
		for _, state := range seen {
			if want := states[state.Version()]; !reflect.DeepEqual(state.UserProperties(), want) {
				s.Errorf("at version %d a subscriber had\n%v\nthe hub\n%v", state.Version(), state.UserProperties(), want)
			}
		}
		s.settled()
	})
}

// followBriefly returns the states to which the first n patches of a new
// subscription lead.
func (s *scene) followBriefly(n int) (states []iothub.Properties) {
	subscription, err := s.client.SubscribeDesired(s.ctx)
	if err != nil {
		s.Error(err)
		return nil
	}
	defer subscription.Close()
	state := map[string]any(subscription.State())
	for patch, err := range subscription.Patches() {
		if err != nil {
			s.Error(err)
			return states
		}
		state = mergepatch.Merge(state, patch)
		if states = append(states, state); len(states) == n {
			return states
		}
	}
	s.Error("the subscription ended")
	return states
}

// changeAndCutUntil returns the hub's states by version.
func (s *scene) changeAndCutUntil(done <-chan struct{}) map[int64]map[string]any {
	states := map[int64]map[string]any{}
	for round := 0; ; round++ {
		select {
		case <-done:
			return states
		default:
		}
		s.awaitConnection(func(c localhub.ConnectionState) bool { return c.Subscribed })
		if round%2 == 0 {
			s.hub.Disconnect(deviceID, moduleID)
		}
		for range 3 {
			s.patch(map[string]any{fmt.Sprint("p", rand.IntN(5)): rand.IntN(9), fmt.Sprint("q", rand.IntN(5)): nil})
			state, version := s.desired()
			states[version] = state
		}
	}
}
