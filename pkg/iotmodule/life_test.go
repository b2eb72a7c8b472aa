package iotmodule_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/internal/mergepatch"
	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

// The state of a subscription and all patches, merged, are the hub's state, for
// a reader that is so late that patches had to be merged, too.
func TestState(t *testing.T) {
	t.Parallel()
	s := newScene(t, overSockets)
	s.patch(map[string]any{"k": 1, "nested": map[string]any{"a": 1}})
	subscription := s.subscribe()
	state := subscription.State()
	if state["k"] != 1.0 || state.Version() != 2 {
		t.Errorf("it begins with %v", state)
	}
	state["nested"].(map[string]any)["a"] = "scribbled" // it is the caller's
	state["nested"] = map[string]any{"a": 1.0}
	var last int64
	for i := range 1100 {
		last = s.patch(map[string]any{"k": nil, "n": i, "nested": map[string]any{"a": nil, "b": i}})
	}
	follow(t, state, subscription, last)
	if want, _ := s.desired(); !reflect.DeepEqual(state.UserProperties(), want) {
		t.Errorf("following leads to %v, the hub has %v", state, want)
	}
}

// follow merges patches into state, up to one version.
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

// A reader that leaves while the twin is being read leaves nothing behind for
// the next one: neither an old state nor reads that go on.
func TestReaderLeavesDuringARead(t *testing.T) {
	for _, how := range []fault.Failure{fault.Late(time.Second), fault.Silence()} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t, inSimulatedTime)
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
			time.Sleep(time.Minute) // simulated: the response has come, or has been given up
			s.patch(map[string]any{"k": 1})
			time.Sleep(time.Minute)
			subscription, err := client.SubscribeDesired(s.ctx)
			if err != nil {
				t.Fatal(err)
			}
			state := subscription.State()
			follow(t, state, subscription, s.patch(map[string]any{"k": nil}))
			if want, _ := s.desired(); !reflect.DeepEqual(state.UserProperties(), want) {
				t.Errorf("%v: following leads to %v, the hub has %v", how, state, want)
			}
		})
	}
}

// Of two reads, the older response must not be the last word.
func TestSubscribeDuringARead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, inSimulatedTime)
		before := s.hub.FaultsInjected()
		s.hub.FailNext(1, fault.TwinGet, fault.Late(time.Second))
		s.hub.Disconnect(deviceID, moduleID)
		if err := s.hub.WaitFaults(s.ctx, before+2); err != nil {
			t.Fatal(err)
		}
		s.reader.await(s, s.patch(map[string]any{"k": 1})) // live changes flow meanwhile
		if _, err := s.client.SubscribeDesired(s.ctx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute) // simulated
		s.compare()
	})
}

// The next identity has come as far as the old one, and a change is announced
// before the twin is read.
func TestCreatedAnewWithTheSameCount(t *testing.T) {
	for _, how := range []fault.Failure{fault.Late(time.Second), fault.Status(429)} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t, inSimulatedTime)
			s.someChanges("old")
			_, version := s.desired()
			s.reader.await(s, version)
			s.createAnew()
			s.someChanges("new")
			before := s.hub.FaultsInjected()
			s.hub.FailNext(1, fault.TwinGet, how)
			if err := s.hub.WaitFaults(s.ctx, before+1); err != nil {
				t.Fatal(err)
			}
			s.patch(map[string]any{"live": true})
			time.Sleep(10 * time.Minute) // simulated
			s.settled()
		})
	}
}

// Every reader may do with its patches what it likes, at once.
func TestReadersScribble(t *testing.T) {
	t.Parallel()
	s := newScene(t, overSockets)
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

// A context that ends just as the hub says yes leaves nothing of paho running.
func TestDialEndsWithTheSignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, inSimulatedTime)
		s.client.Close()
		ctx, cancel := context.WithCancel(s.ctx)
		opts := *s.opts
		dial := opts.DialContext
		opts.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			return endsWithSignIn{conn, cancel}, err
		}
		if _, err := iotmodule.Dial(ctx, s.module, &opts); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second) // simulated; left to itself, paho would take minutes
		stacks := make([]byte, 1<<20)
		if text := string(stacks[:runtime.Stack(stacks, true)]); strings.Contains(text, "paho.mqtt.golang.") {
			t.Errorf("paho is still running:\n%s", text)
		}
	})
}

// endsWithSignIn calls end when paho has got a CONNACK: then it takes back its
// deadline.
type endsWithSignIn struct {
	net.Conn
	end func()
}

func (c endsWithSignIn) SetDeadline(t time.Time) error {
	if t.IsZero() {
		c.end()
	}
	return c.Conn.SetDeadline(t)
}

// Close ends calls that pause between attempts, and is nothing to warn of.
func TestCloseDuringPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log journal
		s := newScene(t, inSimulatedTime, keepLog(&log))
		s.hub.FailNext(10_000, fault.TwinGet, fault.Status(429))
		s.hub.Disconnect(deviceID, moduleID) // the client itself reads, too
		ended := make(chan error, 1)
		go func() {
			_, err := s.client.GetTwin(s.ctx)
			ended <- err
		}()
		time.Sleep(10*time.Minute + 7*time.Second) // simulated
		closed := time.Now()
		s.client.Close()
		if err := <-ended; !errors.Is(err, iotmodule.ErrClosed) || time.Since(closed) > time.Second {
			t.Errorf("GetTwin returned %v after Close: %v", time.Since(closed), err)
		}
		if log.count("WARN") > 0 {
			t.Errorf("Close led to:\n%s", &log)
		}
	})
}

// After 48 healthy minutes, old failures count no more.
func TestRenewalThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, inSimulatedTime)
		s.hub.SetNetwork(fault.Network{Refuse: true})
		s.hub.Disconnect(deviceID, moduleID)
		time.Sleep(20 * time.Minute) // simulated
		s.hub.SetNetwork(fault.Network{})
		signIns := s.awaitConnection(func(l localhub.ConnectionState) bool { return l.Subscribed }).SignIns
		before := s.hub.FaultsInjected()
		s.hub.FailNext(1, fault.SignIn, fault.Cut())
		if err := s.hub.WaitFaults(s.ctx, before+1); err != nil { // at the renewal
			t.Fatal(err)
		}
		begin := time.Now()
		s.awaitConnection(func(l localhub.ConnectionState) bool { return l.SignIns > signIns })
		if took := time.Since(begin); took > time.Second {
			t.Errorf("the first pause took %v", took)
		}
	})
}

// However short the keep-alive, a slow but healthy network is not given up.
func TestShortKeepAlive(t *testing.T) {
	for _, keepAlive := range []time.Duration{1, 2, 11, 12} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t, inSimulatedTime, func(o *iotmodule.Options) { o.KeepAlive = keepAlive * time.Second })
			s.hub.SetNetwork(fault.Network{Latency: 300 * time.Millisecond})
			signIns := s.awaitConnection(func(localhub.ConnectionState) bool { return true }).SignIns
			time.Sleep(28750 * time.Millisecond) // simulated: just after a look whether to ping
			s.patch(map[string]any{"n": 1})
			time.Sleep(10 * time.Minute)
			if now := s.awaitConnection(func(localhub.ConnectionState) bool { return true }).SignIns; now != signIns {
				t.Errorf("with a keep-alive of %d s, the connection was given up %d times in ten minutes", keepAlive, now-signIns)
			}
		})
	}
}
