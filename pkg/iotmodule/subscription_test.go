package iotmodule_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/internal/mergepatch"
	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub/fault"
)

// A subscription's state with all patches merged into it equals the hub's
// state, even if the reader was so late that patches had to be merged.
func TestState(t *testing.T) {
	t.Parallel()
	s := newFixture(t, overSockets)
	s.patch(map[string]any{"k": 1, "nested": map[string]any{"a": 1}})
	subscription := s.subscribe()
	state := subscription.State()
	if state["k"] != 1.0 || state.Version() != 2 {
		t.Errorf("the state is %v", state)
	}
	state["nested"].(map[string]any)["a"] = "scribbled" // the state belongs to the caller
	state["nested"] = map[string]any{"a": 1.0}
	var last int64
	for i := range 1100 {
		last = s.patch(map[string]any{"k": nil, "n": i, "nested": map[string]any{"a": nil, "b": i}})
	}
	follow(t, state, subscription, last)
	if want, _ := s.desired(); !reflect.DeepEqual(state.UserProperties(), want) {
		t.Errorf("the patches lead to %v, the hub has %v", state, want)
	}
}

// follow merges patches into state, up to version last.
func follow(t *testing.T, state iothub.Properties, subscription *iotmodule.Subscription, last int64) {
	t.Helper()
	for patch, err := range subscription.Patches() {
		if err != nil {
			t.Fatal(err)
		}
		merged := mergepatch.Merge(state, patch)
		clear(state)
		for name, value := range merged {
			state[name] = value
		}
		if patch.Version() == last {
			return
		}
	}
}

// A reader that leaves while the twin is being read leaves neither an old state
// nor a read that goes on.
func TestReaderLeavesDuringARead(t *testing.T) {
	for _, how := range []fault.Failure{fault.Late(time.Second), fault.Silence()} {
		synctest.Test(t, func(t *testing.T) {
			s := newFixture(t, inSimulatedTime)
			s.client.Close()
			client, err := iotmodule.Dial(s.ctx, s.module, s.opts)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			first, leave := context.WithCancel(s.ctx)
			if _, err := client.SubscribeDesired(first); err != nil {
				t.Fatal(err)
			}
			before := s.hub.FaultsInjected()
			s.hub.FailNext(1, fault.TwinGet, how)
			s.hub.Disconnect(deviceID, moduleID)
			if err := s.hub.WaitFaults(s.ctx, before+2); err != nil {
				t.Fatal(err)
			}
			leave()
			time.Sleep(time.Minute) // simulated; the response has come by now, or was given up
			s.patch(map[string]any{"k": 1})
			time.Sleep(time.Minute)
			subscription, err := client.SubscribeDesired(s.ctx)
			if err != nil {
				t.Fatal(err)
			}
			state := subscription.State()
			follow(t, state, subscription, s.patch(map[string]any{"k": nil}))
			if want, _ := s.desired(); !reflect.DeepEqual(state.UserProperties(), want) {
				t.Errorf("%v: the patches lead to %v, the hub has %v", how, state, want)
			}
		})
	}
}

// If two reads overlap, the older response does not overwrite the newer one.
func TestSubscribeDuringARead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFixture(t, inSimulatedTime)
		before := s.hub.FaultsInjected()
		s.hub.FailNext(1, fault.TwinGet, fault.Late(time.Second))
		s.hub.Disconnect(deviceID, moduleID)
		if err := s.hub.WaitFaults(s.ctx, before+2); err != nil {
			t.Fatal(err)
		}
		s.reader.await(s, s.patch(map[string]any{"k": 1})) // live changes still arrive
		if _, err := s.client.SubscribeDesired(s.ctx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute) // simulated
		s.compare()
	})
}

// Readers may change their patches concurrently.
func TestReadersScribble(t *testing.T) {
	t.Parallel()
	s := newFixture(t, overSockets)
	change := map[string]any{}
	for i := range 200 {
		change[fmt.Sprint("p", i)] = map[string]any{"i": i}
	}
	for range 3 {
		subscription := s.subscribe()
		go func() {
			for patch := range subscription.Patches() {
				for i := range 200 {
					patch[fmt.Sprint("mine", i)] = i
				}
			}
		}()
	}
	for range 300 {
		s.patch(change)
	}
	s.settled()
	s.client.Close()
}

// Leaving the loop and ranging again misses nothing, and every reader gets its
// own copy of every patch.
func TestReaders(t *testing.T) {
	t.Parallel()
	s := newFixture(t, overSockets)
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	subscription, err := s.client.SubscribeDesired(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for version := int64(2); version <= 5; version++ {
		s.patch(map[string]any{"list": []any{version}})
		for patch, err := range subscription.Patches() {
			if err != nil || patch.Version() != version {
				t.Fatalf("got %v, %v, want version %d", patch, err, version)
			}
			patch["list"].([]any)[0] = "scribbled"
			break
		}
	}
	s.settled()
	cancel()
	for patch, err := range subscription.Patches() {
		t.Errorf("after its context ended, the sequence yielded %v, %v", patch, err)
	}
}

// A reader that takes nothing uses bounded memory and delays no other.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	s := newFixture(t, overSockets)
	subscription := s.subscribe()
	const changes = 4000
	var version int64
	for i := range changes {
		version = s.patch(map[string]any{"n": i, "text": strings.Repeat("x", 1000), fmt.Sprint("p", i%9): i})
		if i%500 == 499 {
			s.reader.await(s, version) // the quick reader keeps up
		}
	}
	if got := s.reader.count(); got != changes {
		t.Errorf("the quick reader got %d of %d changes one by one", got, changes)
	}
	state := map[string]any{}
	slow := &reader{state: state, version: 1, changed: make(chan struct{})}
	for patch, err := range subscription.Patches() {
		slow.take(s, patch, err)
		if patch.Version() == version {
			break
		}
	}
	if slow.taken > 1025 {
		t.Errorf("%d patches were waiting", slow.taken)
	}
	s.reader = slow
	s.compare()
}

// Close ends this subscription and no other, whether a reader waits for patches
// or patches wait for a reader.
func TestSubscriptionCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFixture(t, inSimulatedTime)
		waitedFor, waiting := s.subscribe(), s.subscribe()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for patch, err := range waitedFor.Patches() {
				t.Errorf("the closed subscription yielded %v, %v", patch, err)
			}
		}()
		synctest.Wait()
		waitedFor.Close()
		waitedFor.Close()
		<-ended
		s.settled()
		waiting.Close()
		for patch, err := range waiting.Patches() {
			t.Errorf("the closed subscription yielded %v, %v", patch, err)
		}
		s.settled()
	})
}

// After its last subscription was closed, a client no longer reads the twin.
func TestLastSubscriptionCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFixture(t, inSimulatedTime)
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

// Ranging ends, however SubscribeDesired and Close of the client overlap.
func TestSubscribeDuringClose(t *testing.T) {
	t.Parallel()
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			s := newFixture(t, inSimulatedTime)
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

// Subscribers come and go while connections break; each patch brings each of
// them to the hub's state of its version.
func TestSubscribersComeAndGo(t *testing.T) {
	t.Parallel()
	inBothSettings(t, "during faults", func(s *fixture) {
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

// followBriefly returns the states after each of the first n patches of a new
// subscription.
func (s *fixture) followBriefly(n int) (states []iothub.Properties) {
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

// changeAndCutUntil makes changes and cuts the connection until done is closed,
// and returns the hub's states by version. After each cut it waits until the
// module has caught up: otherwise the hub could cut faster than it answers.
// Each round changes something, because changes that cancel each other out
// cause no patch.
func (s *fixture) changeAndCutUntil(done <-chan struct{}) map[int64]map[string]any {
	states := map[int64]map[string]any{}
	for round := 0; ; round++ {
		select {
		case <-done:
			return states
		default:
		}
		s.hub.Disconnect(deviceID, moduleID)
		var version int64
		for range 3 {
			version = s.patch(map[string]any{"round": round, fmt.Sprint("p", rand.IntN(5)): rand.IntN(9), fmt.Sprint("p", rand.IntN(5)): nil})
			states[version], _ = s.desired()
		}
		s.reader.await(s, version)
	}
}
