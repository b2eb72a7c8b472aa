package iotmodule_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub/fault"
)

// A call whose context has ended sends nothing and returns the context's cause.
func TestEndedContext(t *testing.T) {
	s := newFixture(t, overSockets)
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(s.ctx)
	cancel(enough)
	for range 20 {
		if _, err := s.client.UpdateReported(ctx, map[string]any{"n": 1}); !errors.Is(err, enough) || errors.Is(err, iothub.ErrOutcomeUnknown) {
			t.Errorf("UpdateReported: %v", err)
		}
	}
	if _, err := s.client.GetTwin(ctx); !errors.Is(err, enough) {
		t.Errorf("GetTwin: %v", err)
	}
	if _, err := s.client.SubscribeDesired(ctx); !errors.Is(err, enough) {
		t.Errorf("SubscribeDesired: %v", err)
	}
	if version, err := s.client.UpdateReported(s.ctx, map[string]any{"n": 2}); err != nil || version != 2 {
		t.Errorf("the first update with a live context leads to version %d, %v, want 2", version, err)
	}
}

// A call that runs out of time says what it was waiting for.
func TestOutOfTime(t *testing.T) {
	tests := []struct {
		name    string
		trouble func(*fixture)
		want    error
		text    string
		hint    string
	}{
		{"throttled", func(s *fixture) { s.hub.FailNext(100, fault.TwinGet, fault.Status(429)) },
			iothub.ErrThrottled, `"myFirstDevice": context deadline exceeded; the last attempt: iothub: get the twin of `, ""},
		{"every sign-in refused", func(s *fixture) {
			s.hub.FailNext(100, fault.SignIn, fault.Status(3))
			s.hub.Disconnect(deviceID, moduleID)
		}, context.DeadlineExceeded, `"myFirstDevice": context deadline exceeded; no connection: the hub refused the sign-in (CONNACK 3)`, "accepts no connections"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFixture(t, inSimulatedTime)
				test.trouble(s)
				ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
				defer cancel()
				_, err := s.client.GetTwin(ctx)
				if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, test.want) {
					t.Errorf("GetTwin: %v, want an error that matches %v", err, test.want)
				}
				if err == nil || !strings.Contains(err.Error(), test.text) || !strings.Contains(iothub.Hint(err), test.hint) {
					t.Errorf("GetTwin: %v, hint %q,\nwant %q and %q", err, iothub.Hint(err), test.text, test.hint)
				}
			})
		})
	}
}

// An update that may or may not have been carried out has another error than
// one that was not carried out or was refused.
func TestOutcomeUnknown(t *testing.T) {
	tests := []struct {
		name    string
		trouble func(*fixture)
		unknown bool
	}{
		{"response lost", func(s *fixture) { s.hub.FailNext(100, fault.TwinPatch, fault.LoseResponse()) }, true},
		{"connection cut", func(s *fixture) { s.hub.FailNext(100, fault.TwinPatch, fault.Cut()) }, true},
		{"throttled", func(s *fixture) { s.hub.FailNext(100, fault.TwinPatch, fault.Status(429)) }, false},
		{"server error", func(s *fixture) { s.hub.FailNext(100, fault.TwinPatch, fault.Status(500)) }, true},
		{"response lost, then throttled", func(s *fixture) {
			s.hub.FailNext(1, fault.TwinPatch, fault.LoseResponse())
			s.hub.FailNext(100, fault.TwinPatch, fault.Status(429))
		}, true},
		{"response lost, then refused", func(s *fixture) {
			s.hub.FailNext(1, fault.TwinPatch, fault.Cut())
			s.hub.FailNext(100, fault.TwinPatch, fault.Status(400))
		}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFixture(t, inSimulatedTime)
				test.trouble(s)
				ctx, cancel := context.WithTimeout(s.ctx, time.Minute)
				defer cancel()
				_, err := s.client.UpdateReported(ctx, map[string]any{"n": 1})
				if err == nil || errors.Is(err, iothub.ErrOutcomeUnknown) != test.unknown {
					t.Errorf("UpdateReported: %v, want ErrOutcomeUnknown: %t", err, test.unknown)
				}
			})
		})
	}
}

// Input that the client does not even send matches ErrInvalid, unlike input
// that the hub refuses.
func TestInvalidReported(t *testing.T) {
	s := newFixture(t, overSockets)
	_, err := s.client.UpdateReported(s.ctx, map[string]any{"f": func() {}})
	if want := `iotmodule: update the reported properties of module "myFirstModule" on device "myFirstDevice": json: `; !errors.Is(err, iothub.ErrInvalid) || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s…", err, want)
	}
}

// A patch that is too large for a hub to read is not sent: the hub would close
// the connection each time.
func TestReportTooLarge(t *testing.T) {
	s := newFixture(t, overSockets)
	_, err := s.client.UpdateReported(s.ctx, map[string]any{"large": strings.Repeat("x", 256<<10)})
	if want := "the patch has 262156 bytes, hubs read 262144 at most"; !errors.Is(err, iothub.ErrInvalid) || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want …%s", err, want)
	}
}

// A nil patch changes nothing, like an empty one.
func TestNilReported(t *testing.T) {
	s := newFixture(t, overSockets)
	for _, patch := range []iothub.Properties{nil, {}} {
		if _, err := s.client.UpdateReported(s.ctx, patch); err != nil {
			t.Errorf("UpdateReported of %#v: %v", patch, err)
		}
	}
	twin, err := s.client.GetTwin(s.ctx)
	if err != nil || len(twin.Properties.Reported.UserProperties()) > 0 {
		t.Errorf("reported: %v, %v", twin.Properties.Reported, err)
	}
}

// Everybody who ranges over the patches gets the error that ended the
// subscription, every time.
func TestLastErrorIsToldToAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFixture(t, inSimulatedTime)
		subscription := s.subscribe()
		s.hub.FailNext(10_000, fault.SignIn, fault.Status(5))
		s.hub.Disconnect(deviceID, moduleID)
		for range 3 {
			var last error
			for _, err := range subscription.Patches() {
				last = err
			}
			if !errors.Is(last, iothub.ErrUnauthorized) {
				t.Errorf("the sequence ended with %v", last)
			}
		}
		s.client.Close()
		for range subscription.Patches() {
			t.Error("there is something to read after Close")
		}
		if _, err := s.client.GetTwin(s.ctx); !errors.Is(err, iotmodule.ErrClosed) {
			t.Errorf("GetTwin after Close: %v", err)
		}
	})
}
