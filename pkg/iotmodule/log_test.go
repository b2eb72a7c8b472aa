package iotmodule_test

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

// The log announces each wait with its length, names each cause once, and
// counts the missed changes when the connection is back.
func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log journal
		s := newFixture(t, inSimulatedTime, keepLog(&log))
		s.hub.FailNext(6, fault.SignIn, fault.Status(3))
		s.hub.Disconnect(deviceID, moduleID)
		s.someChanges("missed")
		_, missed := s.desired()
		s.reader.await(s, missed)
		const again = "no connection, trying again in …"
		want := strings.Join([]string{
			"connection lost, trying again in … (cause: the hub closed the connection)",
			again + " (cause: the hub refused the sign-in (CONNACK 3)) The hub accepts no connections at the moment.",
			again, again, again, again, again,
			"connected again",
			"3 changes were made in the meantime",
		}, "\n")
		if got := log.String(); got != want {
			t.Errorf("the log says\n%s\nwant\n%s", got, want)
		}
	})
}

// The announced pause is as long as the real one.
func TestLogTellsThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var announced []time.Duration
		var before, last time.Time
		watch := func(ctx context.Context, message string) {
			length := regexp.MustCompile(`in (\S+)$`).FindStringSubmatch(message)
			if length == nil {
				return
			}
			d, err := time.ParseDuration(length[1])
			if err != nil {
				t.Error(err)
			}
			before, last = last, time.Now()
			if n := len(announced); n > 0 {
				if more := last.Sub(before) - announced[n-1]; more < -50*time.Millisecond || more > time.Second { // the attempt itself takes a moment
					t.Errorf("it waited %v more than the %v announced", more, announced[n-1])
				}
			}
			announced = append(announced, d)
		}
		s := newFixture(t, inSimulatedTime, func(o *iotmodule.Options) { o.Logger = slog.New(watcher{slog.DiscardHandler, watch}) })
		s.hub.FailNext(12, fault.SignIn, fault.Status(3))
		s.hub.Disconnect(deviceID, moduleID)
		s.reader.await(s, s.patch(map[string]any{"n": 1}))
		if len(announced) != 13 {
			t.Errorf("%v were announced, want 13 pauses", announced)
		}
	})
}

// One missed change, none, and a module created anew are each logged in their
// own way.
func TestLogOfWhatWasMissed(t *testing.T) {
	tests := []struct {
		name, want string
		meanwhile  func(s *fixture)
	}{
		{"nothing", "", func(*fixture) {}},
		{"one", "1 change was made in the meantime", func(s *fixture) { s.patch(map[string]any{"n": 1}) }},
		{"another module", "the module was created again: its twin starts from the beginning", (*fixture).createAnew},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log journal
				s := newFixture(t, inSimulatedTime, keepLog(&log))
				s.someChanges("before")
				s.settled()
				s.hub.FailNext(1, fault.SignIn, fault.Cut())
				s.hub.Disconnect(deviceID, moduleID)
				test.meanwhile(s)
				time.Sleep(time.Minute) // simulated
				s.settled()
				got := log.lines()
				if last := got[len(got)-1]; test.want == "" && last != "connected again" || test.want != "" && last != test.want {
					t.Errorf("the log says\n%s\nwant %q at the end", &log, test.want)
				}
			})
		})
	}
}

// A read that newer changes have overtaken logs nothing about missed changes.
func TestLogOfAnOvertakenRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log journal
		s := newFixture(t, inSimulatedTime, keepLog(&log))
		s.settled()
		before := s.hub.FaultsInjected()
		s.hub.FailNext(1, fault.TwinGet, fault.Late(time.Second))
		s.hub.Disconnect(deviceID, moduleID)
		if err := s.hub.WaitFaults(s.ctx, before+2); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			s.someChanges("live")
		}
		time.Sleep(time.Minute) // simulated
		s.settled()
		if got := log.lines(); got[len(got)-1] != "connected again" {
			t.Errorf("the log says\n%s", &log)
		}
	})
}

// Changes that nobody was subscribed to were not missed.
func TestLogWithoutSubscribers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log journal
		s := newFixture(t, inSimulatedTime, keepLog(&log))
		s.settled()
		s.hub.FailNext(1000, fault.TwinGet, fault.Status(429))
		s.hub.Stop()
		s.someChanges("away")
		if err := s.hub.Resume(); err != nil {
			t.Fatal(err)
		}
		s.awaitConnection(func(l localhub.ConnectionState) bool { return l.Subscribed })
		time.Sleep(time.Second) // simulated: the client tries to read the twin
		s.reader.subscription.Close()
		s.hub.ClearFaults()
		s.subscribe()
		if got := log.String(); strings.Contains(got, "in the meantime") {
			t.Errorf("the log says\n%s", got)
		}
	})
}

// Renewing a token logs one line.
func TestLogOfARenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log journal
		s := newFixture(t, inSimulatedTime, keepLog(&log))
		time.Sleep(50 * time.Minute) // simulated
		s.settled()
		if got := log.String(); got != "token renewed" {
			t.Errorf("the log says\n%s", got)
		}
	})
}

// While requests fail, the log says so and names the cause.
func TestLogOfFailingRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log journal
		s := newFixture(t, inSimulatedTime, keepLog(&log))
		s.hub.FailNext(3, fault.TwinGet, fault.Status(429))
		s.subscribe()
		s.hub.FailNext(1, fault.TwinPatch, fault.Silence())
		if _, err := s.client.UpdateReported(s.ctx, map[string]any{"n": 1}); err != nil {
			t.Fatal(err)
		}
		want := strings.Join([]string{
			"cannot get the twin, trying again in … (cause: the hub answered 429 Too Many Requests)",
			"cannot get the twin, trying again in …",
			"cannot get the twin, trying again in …",
			"update the reported properties: no answer yet, waiting up to 25s more " + stopped,
			"cannot update the reported properties, trying again in … (cause: the hub did not answer in time)",
		}, "\n")
		if got := log.String(); got != want {
			t.Errorf("the log says\n%s\nwant\n%s", got, want)
		}
	})
}

// stopped is the hint for a local hub that does not answer.
const stopped = "Something is listening there, but does not answer. If it is the local hub: was it stopped with Ctrl+Z? Type fg in its window."

// The client waits for a hub that does not answer, such as one that was stopped
// with Ctrl+Z, and the log says so.
func TestLogOfASilentHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log journal
		s := newFixture(t, inSimulatedTime, keepLog(&log))
		s.hub.FailNext(2, fault.SignIn, fault.Silence())
		s.hub.Disconnect(deviceID, moduleID)
		s.settled()
		const waiting = "sign-in: no answer yet, waiting up to 25s more " + stopped
		want := strings.Join([]string{
			"connection lost, trying again in … (cause: the hub closed the connection)",
			waiting,
			"no connection, trying again in … (cause: the hub did not answer in time) " + stopped,
			waiting,
			"no connection, trying again in …",
			"connected again",
			"1 change was made in the meantime",
		}, "\n")
		if got := log.String(); got != want {
			t.Errorf("the log says\n%s\nwant\n%s", got, want)
		}
	})
}

// The log never announces a wait that is longer than the caller's.
func TestLogOfADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log journal
		s := newFixture(t, inSimulatedTime, keepLog(&log))
		s.hub.FailNext(1, fault.TwinGet, fault.Silence())
		ctx, cancel := context.WithTimeout(s.ctx, 8*time.Second)
		defer cancel()
		if _, err := s.client.GetTwin(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("GetTwin: %v", err)
		}
		if got, want := log.String(), "get the twin: no answer yet, waiting up to 3s more "+stopped; got != want {
			t.Errorf("the log says\n%s\nwant\n%s", got, want)
		}
	})
}

// A subscription goes on reading the twin even if the hub refuses a read.
func TestLogOfARefusedRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log journal
		s := newFixture(t, inSimulatedTime, keepLog(&log))
		s.hub.FailNext(2, fault.TwinGet, fault.Status(400))
		s.hub.Disconnect(deviceID, moduleID)
		time.Sleep(time.Minute) // simulated
		s.settled()
		want := strings.Join([]string{
			"connection lost, trying again in … (cause: the hub closed the connection)",
			"connected again",
			"cannot get the twin, trying again in … (cause: the hub answered 400 Bad Request)",
			"cannot get the twin, trying again in …",
		}, "\n")
		if got := log.String(); got != want {
			t.Errorf("the log says\n%s\nwant\n%s", got, want)
		}
	})
}

// A connection that ends at once is logged with a cause in plain words,
// whatever the client was about to do.
func TestLogOfConnectionsThatEndAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log journal
		s := newFixture(t, inSimulatedTime, keepLog(&log))
		for range 20 {
			s.hub.Disconnect(deviceID, moduleID)
			s.awaitConnection(func(c localhub.ConnectionState) bool { return c.Subscribed })
		}
		s.settled()
		for _, line := range log.lines() {
			if strings.Contains(line, "cause: ") && !strings.Contains(line, "cause: the hub closed the connection") {
				t.Errorf("the log says %s", line)
			}
		}
	})
}

// The log suspects another client only if nothing else explains the loss.
func TestLogBlamesNobodyElse(t *testing.T) {
	const (
		another = "is another client signed in"
		instead = "WARN the hub keeps closing the connection instead of answering a request"
	)
	tests := []struct {
		name string
		lose func(s *fixture)
		want int // how often this warning is logged
	}{
		{"a hub that cannot send the twin", func(s *fixture) {
			s.hub.FailNext(8, fault.TwinGet, fault.Cut())
			s.hub.Disconnect(deviceID, moduleID)
			time.Sleep(10 * time.Minute) // simulated
		}, 1},
		{"a hub that is started again and again", func(s *fixture) {
			for range 8 {
				before := s.hub.FaultsInjected()
				s.hub.FailNext(2, fault.SignIn, fault.Status(3))
				s.hub.Disconnect(deviceID, moduleID)
				if err := s.hub.WaitFaults(s.ctx, before+3); err != nil {
					s.Fatal(err)
				}
				s.settled()
			}
		}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log journal
				s := newFixture(t, inSimulatedTime, keepLog(&log))
				test.lose(s)
				s.settled()
				if got := log.count(instead); got != test.want || log.count(another) > 0 {
					t.Errorf("the log says\n%s", &log)
				}
			})
		})
	}
}

// A logger may use the client, whether or not there is a subscription.
func TestLoggerUsesTheClient(t *testing.T) {
	for _, followed := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var client atomic.Pointer[iotmodule.Client]
			reported := make(chan error, 1)
			report := func(ctx context.Context, message string) {
				if message != "connected again" {
					return
				}
				ctx, cancel := context.WithTimeout(ctx, time.Minute)
				defer cancel()
				_, err := client.Load().UpdateReported(ctx, map[string]any{"reconnects": 1})
				if err == nil {
					_, err = client.Load().SubscribeDesired(ctx)
				}
				reported <- err
			}
			s := newFixture(t, inSimulatedTime, func(o *iotmodule.Options) {
				o.Logger = slog.New(watcher{slog.DiscardHandler, report})
			})
			client.Store(s.client)
			if !followed {
				s.reader.subscription.Close()
				s.reader.awaitEnd(s)
			}
			s.hub.Disconnect(deviceID, moduleID)
			if err := <-reported; err != nil {
				t.Error(err)
			}
		})
	}
}
