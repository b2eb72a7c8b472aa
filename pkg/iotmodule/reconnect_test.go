package iotmodule_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/internal/memnet"
	"moduletwin/pkg/internal/trust"
	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

// The client trusts a hub with a new certificate as soon as the certificate's
// file is there; until then, the log says what is wrong.
func TestNewCertificate(t *testing.T) {
	home := t.TempDir()
	for _, variable := range []string{"XDG_CONFIG_HOME", "HOME", "AppData"} {
		t.Setenv(variable, home)
	}
	t.Setenv(trust.Variable, "")
	synctest.Test(t, func(t *testing.T) {
		var log journal
		var dial atomic.Value
		s := newFixture(t, inSimulatedTime, keepLog(&log), func(o *iotmodule.Options) { dial.Store(o.DialContext) })
		trustLocally(t, s.hub)
		s.opts.RootCAs = nil
		s.opts.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			return dial.Load().(func(context.Context, string, string) (net.Conn, error))(ctx, network, address)
		}
		s.client.Close()
		s.dial()

		network := memnet.Listen()
		next, err := localhub.Start(&localhub.Options{Listeners: []net.Listener{network}, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer next.Close()
		next.AddDevice(deviceID)
		if _, err := s.registryOf(next, network.DialContext).CreateModule(s.ctx, s.identity()); err != nil {
			t.Fatal(err)
		}
		dial.Store(network.DialContext)
		s.reader.update(func() { s.reader.mayRestart = true })
		s.hub.Close()
		time.Sleep(10 * time.Second) // simulated
		if want := "A hub of another user, or another program, is listening on this port."; log.count(want) != 1 {
			t.Errorf("the log does not say once %q:\n%s", want, &log)
		}
		trustLocally(t, next)
		s.hub = next
		s.awaitConnection(func(c localhub.ConnectionState) bool { return c.Subscribed })
		s.settled()
	})
}

// trustLocally writes a hub's certificate to the file in which the local hub
// keeps its own.
func trustLocally(t *testing.T, hub *localhub.Hub) {
	t.Helper()
	folder, err := trust.LocalFolder()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, trust.LocalCAFile), hub.CertificatePEM(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A peer that vanishes silently is noticed within one and a half keep-alive
// periods.
func TestBlackhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFixture(t, inSimulatedTime)
		s.someChanges("before")
		s.hub.SetNetwork(fault.Network{Blackhole: true})
		s.someChanges("during")
		signIns := s.awaitConnection(func(localhub.ConnectionState) bool { return true }).SignIns

		begin := time.Now()
		time.Sleep(95 * time.Second) // simulated: time passes only when nothing else is left to do
		s.hub.SetNetwork(fault.Network{})
		s.awaitConnection(func(l localhub.ConnectionState) bool { return l.SignIns > signIns })
		if took := time.Since(begin); took > 2*time.Minute {
			t.Errorf("signed in again after %v", took)
		}
		s.settled()
	})
}

// A client that is pushed out by another one reconnects ever more slowly and
// logs the likely cause.
func TestContestedIdentity(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log journal
		s := newFixture(t, inSimulatedTime, keepLog(&log))
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

// A refusal after a good sign-in may pass, but the client does not try for
// ever.
func TestRefusedAfterAGoodSignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFixture(t, inSimulatedTime)
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

// A token is renewed by a planned reconnect, in which nothing is lost.
func TestTokenRenewal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log journal
		s := newFixture(t, inSimulatedTime, keepLog(&log), func(o *iotmodule.Options) { o.TokenLifetime = 3 * time.Second })
		for i := range 10 {
			s.someChanges(fmt.Sprint("token", i))
			s.awaitConnection(func(l localhub.ConnectionState) bool { return l.SignIns >= i+2 && l.Connected })
		}
		s.settled()
		if log.count("connection lost") > 0 {
			t.Errorf("a renewal was logged as a lost connection:\n%s", &log)
		}
	})
}

// By default, a token is valid for an hour and renewed when a fifth of that is
// left.
func TestTokenRenewalByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFixture(t, inSimulatedTime)
		begin := time.Now()
		s.awaitConnection(func(l localhub.ConnectionState) bool { return l.SignIns == 2 })
		if took := time.Since(begin); took != 48*time.Minute {
			t.Errorf("signed in again after %v", took)
		}
		s.settled()
	})
}

// After its primary key was changed, a module can still sign in with the
// secondary.
func TestSecondaryKey(t *testing.T) {
	t.Parallel()
	inBothSettings(t, "rotated", func(s *fixture) {
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

// Versions start over for an identity that was deleted and created anew, and on
// a hub that lost its state.
func TestCountStartsOver(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(s *fixture, registry *iothub.Registry) error{
		"after a deletion": func(s *fixture, registry *iothub.Registry) error {
			return registry.DeleteModule(s.ctx, deviceID, moduleID, "")
		},
		"after the hub lost its state": func(s *fixture, _ *iothub.Registry) error {
			return s.hub.RestartEmpty()
		},
	} {
		inBothSettings(t, name, func(s *fixture) {
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

// The new identity has reached the version of the old one, and a change is
// announced before the twin is read.
func TestCreatedAnewWithTheSameCount(t *testing.T) {
	for _, how := range []fault.Failure{fault.Late(time.Second), fault.Status(429)} {
		synctest.Test(t, func(t *testing.T) {
			s := newFixture(t, inSimulatedTime)
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

// After 48 healthy minutes, earlier failures do not lengthen the pauses any
// more.
func TestRenewalThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFixture(t, inSimulatedTime)
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

// However short the keep-alive is, the client does not give up a slow but
// healthy connection.
func TestShortKeepAlive(t *testing.T) {
	const slow, slower = 300 * time.Millisecond, 1200 * time.Millisecond
	for _, test := range []struct {
		keepAlive time.Duration
		latency   time.Duration
	}{{1, slow}, {1, slower}, {2, slow}, {11, slow}, {12, slow}} {
		synctest.Test(t, func(t *testing.T) {
			keepAlive := test.keepAlive
			s := newFixture(t, inSimulatedTime, func(o *iotmodule.Options) { o.KeepAlive = keepAlive * time.Second })
			s.client.Close()
			s.hub.SetNetwork(fault.Network{Latency: test.latency})
			s.dial()
			signIns := s.awaitConnection(func(localhub.ConnectionState) bool { return true }).SignIns
			time.Sleep(28750 * time.Millisecond) // simulated: just after paho checked whether to ping
			s.patch(map[string]any{"n": 1})
			time.Sleep(10 * time.Minute)
			if now := s.awaitConnection(func(localhub.ConnectionState) bool { return true }).SignIns; now != signIns {
				t.Errorf("with a keep-alive of %d s and a latency of %v, the connection was given up %d times in ten minutes", keepAlive, test.latency, now-signIns)
			}
		})
	}
}
