package iotmodule_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/internal/leak"
	"moduletwin/pkg/internal/memnet"
	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

const (
	deviceID = "myFirstDevice"
	moduleID = "myFirstModule"
)

func TestMain(m *testing.M) {
	flag.Set("test.parallel", "16") // tests over sockets mostly wait; a -parallel flag is parsed later and wins
	os.Exit(leak.Run(m))
}

// fixture is a hub with one module whose client reads patches.
type fixture struct {
	*testing.T
	ctx     context.Context
	hub     *localhub.Hub
	module  iothub.ConnectionString
	opts    *iotmodule.Options
	timings iotmodule.Timings
	client  *iotmodule.Client
	reader  *reader
}

// setting is where a test runs, and with which timings.
type setting string

const (
	overSockets     setting = "over sockets"      // TLS over loopback, in real time
	inSimulatedTime setting = "in simulated time" // TLS in memory; T runs in a synctest bubble
	withShortLimits setting = "with short limits" // over sockets, for tests that wait for limits
)

var bothSettings = []setting{inSimulatedTime, overSockets}

// settingsFor leaves out sockets for faults that end only when a limit is
// reached: they take long there, and show nothing more.
func settingsFor(at fault.Point, how fault.Failure) []setting {
	switch {
	case how == fault.Silence() && at != fault.Notify,
		how == fault.Garbage() && at == fault.Subscribe,
		(how == fault.Status(3) || how == fault.Status(5)) && at == fault.TwinGet: // no response has such a status
		return []setting{inSimulatedTime}
	}
	return bothSettings
}

// inBothSettings runs a test in simulated time and over sockets.
func inBothSettings(t *testing.T, name string, test func(s *fixture), changeOptions ...func(*iotmodule.Options)) {
	inSettings(t, bothSettings, name, test, changeOptions...)
}

func inSettings(t *testing.T, settings []setting, name string, test func(s *fixture), changeOptions ...func(*iotmodule.Options)) {
	for _, where := range settings {
		t.Run(name+" "+string(where), func(t *testing.T) {
			t.Parallel()
			if where == overSockets {
				test(newFixture(t, where, changeOptions...))
				return
			}
			synctest.Test(t, func(t *testing.T) { test(newFixture(t, where, changeOptions...)) })
		})
	}
}

// newFixture starts a hub, dials it and subscribes the module.
func newFixture(t *testing.T, where setting, changeOptions ...func(*iotmodule.Options)) *fixture {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), watchdog(where))
	t.Cleanup(cancel)
	s := &fixture{T: t, ctx: ctx, timings: iotmodule.DefaultTimings}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	if where == inSimulatedTime {
		network := memnet.Listen()
		hub, err := localhub.Start(&localhub.Options{Listeners: []net.Listener{network}, Logger: log})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(hub.Close)
		s.hub = hub
		s.opts = &iotmodule.Options{RootCAs: hub.RootCAs()}
		s.opts.DialContext = network.DialContext
		s.module = hub.AddModule(deviceID, moduleID)
		s.module.HostName = "localhost"
	} else {
		s.hub = localhub.New(t)
		s.opts = &iotmodule.Options{RootCAs: s.hub.RootCAs()}
		s.timings = iotmodule.ShortPauses
		if where == withShortLimits {
			s.timings = iotmodule.ShortLimits
		}
		s.module = s.hub.AddModule(deviceID, moduleID)
	}
	s.opts.Logger = log
	for _, change := range changeOptions {
		change(s.opts)
	}
	s.dial()
	return s
}

// watchdog is how long a test may take before it counts as stuck.
func watchdog(where setting) time.Duration {
	if where == inSimulatedTime {
		return 1000 * time.Hour
	}
	return 2 * time.Minute // a busy machine may need a good part of it
}

func (s *fixture) dial() {
	s.Helper()
	client, err := iotmodule.DialWith(s.ctx, s.module, s.opts, s.timings)
	for errors.Is(err, context.DeadlineExceeded) && s.ctx.Err() == nil { // a busy machine may need longer than the limit
		client, err = iotmodule.DialWith(s.ctx, s.module, s.opts, s.timings)
	}
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(client.Close)
	s.client = client
	s.reader = s.read()
}

// desired returns the desired properties on the hub.
func (s *fixture) desired() (properties map[string]any, version int64) {
	twin, found := s.hub.Twin(deviceID, moduleID)
	if !found {
		s.Fatal("the module is gone")
	}
	return twin.Properties.Desired.UserProperties(), twin.Properties.Desired.Version()
}

// patch changes desired properties on the hub.
func (s *fixture) patch(patch map[string]any) (version int64) {
	s.Helper()
	version, err := s.hub.PatchDesired(deviceID, moduleID, patch)
	if err != nil {
		s.Fatal(err)
	}
	return version
}

// someChanges makes a change of each kind: one that sets, one that removes and
// one in depth. The name keeps the changes of different phases apart.
func (s *fixture) someChanges(name string) {
	s.Helper()
	s.patch(map[string]any{name: 1, name + "Goes": true})
	s.patch(map[string]any{"nested": map[string]any{name: map[string]any{"a": 1, "b": []any{1, 2}}}})
	s.patch(map[string]any{name + "Goes": nil, "nested": map[string]any{name: map[string]any{"a": nil, "c": "d"}}})
}

// changeUntilFaults makes changes until n faults were injected in all. Only a
// module that is subscribed is notified, so after a fault that ends the
// connection, the module has to be back before the next fault can be injected.
func (s *fixture) changeUntilFaults(n int) {
	s.Helper()
	for round := 0; s.hub.FaultsInjected() < n; round++ {
		s.awaitConnection(func(l localhub.ConnectionState) bool { return l.Subscribed })
		s.someChanges(fmt.Sprint("during", round))
	}
}

// settled makes a last change, waits until the reader has it and checks that
// the reader has the hub's state.
func (s *fixture) settled() {
	s.Helper()
	version := s.patch(map[string]any{"last": float64(s.reader.count())})
	s.reader.await(s, version)
	s.compare()
}

func (s *fixture) compare() {
	s.Helper()
	want, _ := s.desired()
	if got := s.reader.snapshot(); !reflect.DeepEqual(got, want) {
		s.Errorf("the patches lead to\n%v\nthe hub has\n%v", got, want)
	}
}

// subscribe returns a subscription of the fixture's client.
func (s *fixture) subscribe() *iotmodule.Subscription {
	s.Helper()
	subscription, err := s.client.SubscribeDesired(s.ctx)
	if err != nil {
		s.Fatal(err)
	}
	return subscription
}

// awaitConnection waits until ok accepts the state of the module's connection.
func (s *fixture) awaitConnection(ok func(localhub.ConnectionState) bool) localhub.ConnectionState {
	s.Helper()
	state, err := s.hub.WaitConnection(s.ctx, deviceID, moduleID, ok)
	if err != nil {
		s.Fatal(err)
	}
	return state
}

// registry returns a registry for the fixture's hub.
func (s *fixture) registry() *iothub.Registry { return s.registryOf(s.hub, s.opts.DialContext) }

func (s *fixture) registryOf(hub *localhub.Hub, dial func(context.Context, string, string) (net.Conn, error)) *iothub.Registry {
	s.Helper()
	owner := hub.ConnectionString(localhub.PolicyIoTHubOwner)
	owner.HostName = s.module.HostName
	registry, err := iothub.NewRegistry(owner, &iothub.Options{RootCAs: hub.RootCAs(), DialContext: dial})
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(registry.CloseIdleConnections)
	return registry
}

// identity returns the module, with its keys.
func (s *fixture) identity() iothub.Module {
	s.Helper()
	module, err := s.registry().GetModule(s.ctx, deviceID, moduleID)
	if err != nil {
		s.Fatal(err)
	}
	return module
}

// createAnew deletes the module and creates it with the same keys.
func (s *fixture) createAnew() {
	s.Helper()
	module := s.identity()
	s.reader.update(func() { s.reader.mayRestart = true })
	if err := s.registry().DeleteModule(s.ctx, deviceID, moduleID, ""); err != nil {
		s.Fatal(err)
	}
	if _, err := s.registry().CreateModule(s.ctx, module); err != nil {
		s.Fatal(err)
	}
}

func isUnauthorized(err error) bool { return errors.Is(err, iothub.ErrUnauthorized) }
