package iotmodule_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

// If the context ends just as the hub accepts the sign-in, nothing of paho is
// left running.
func TestDialEndsWithTheSignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFixture(t, inSimulatedTime)
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

// endsWithSignIn calls end when paho has received a CONNACK: that is when paho
// clears its deadline.
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

// Close ends calls that pause between attempts, and no warning is logged.
func TestCloseDuringPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log journal
		s := newFixture(t, inSimulatedTime, keepLog(&log))
		s.hub.FailNext(10_000, fault.TwinGet, fault.Status(429))
		s.hub.Disconnect(deviceID, moduleID) // so that the client reads the twin, too
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
			t.Errorf("Close logged a warning:\n%s", &log)
		}
	})
}

func TestDialRefused(t *testing.T) {
	hub := localhub.New(t)
	module := hub.AddModule(deviceID, moduleID)
	wrongKey, noModule := module, module
	wrongKey.SharedAccessKey = iothub.NewKey([]byte("not the key that the hub made up"))
	noModule.ModuleID = "nobody"
	policy := hub.ConnectionString(localhub.PolicyIoTHubOwner)
	device := module
	device.ModuleID = ""
	tests := []struct {
		name   string
		module iothub.ConnectionString
		want   error
		text   string
	}{
		{"wrong key", wrongKey, iothub.ErrUnauthorized, `sign in as module "myFirstModule" on device "myFirstDevice": 401`},
		{"no such module", noModule, iothub.ErrUnauthorized, "The module may not exist"},
		{"string of a policy", policy, iothub.ErrInvalid, `connection string: this one belongs to shared access policy "iothubowner"; use that of a module`},
		{"string of a device", device, iothub.ErrInvalid, `connection string: this one belongs to device "myFirstDevice"; use that of a module`},
		{"no key", iothub.ConnectionString{HostName: "h", DeviceID: "d", ModuleID: "m"}, iothub.ErrInvalid, "SharedAccessKey is missing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client, err := iotmodule.Dial(t.Context(), test.module, &iotmodule.Options{RootCAs: hub.RootCAs()})
			if err == nil {
				client.Close()
			}
			if !errors.Is(err, test.want) || !strings.Contains(fmt.Sprintf("%v %s", err, iothub.Hint(err)), test.text) {
				t.Errorf("Dial: %v, hint %q, want %v and %q", err, iothub.Hint(err), test.want, test.text)
			}
			if strings.Contains(fmt.Sprint(err), test.module.SharedAccessKey.Reveal()) && !test.module.SharedAccessKey.IsZero() {
				t.Error("the error shows the key")
			}
		})
	}
}

// Dial does not try again: it returns the first failure of a sign-in.
func TestDialFails(t *testing.T) {
	t.Parallel()
	for _, at := range []fault.Point{fault.SignIn, fault.Subscribe} {
		for _, how := range []fault.Failure{fault.Cut(), fault.CutReset(), fault.CutHalfway(), fault.Garbage(), fault.Silence(), fault.Status(3)} {
			test := func(s *fixture) {
				s.client.Close()
				s.hub.FailNext(1, at, how)
				client, err := iotmodule.DialWith(s.ctx, s.module, s.opts, s.timings)
				if err == nil {
					client.Close()
					s.Error("Dial succeeded")
				}
			}
			inSettings(t, settingsFor(at, how), fmt.Sprintf("%v at %v", how, at), test)
		}
	}
}

// An error of the network comes without the words that paho puts before it.
func TestDialClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFixture(t, inSimulatedTime)
		s.hub.FailNext(1, fault.SignIn, fault.Cut())
		_, err := iotmodule.Dial(s.ctx, s.module, s.opts)
		if want := `iotmodule: sign in as module "myFirstModule" on device "myFirstDevice": EOF`; fmt.Sprint(err) != want {
			t.Errorf("Dial: %v, want %s", err, want)
		}
	})
}

func TestDialNothingListens(t *testing.T) {
	hub := localhub.New(t)
	module := hub.AddModule(deviceID, moduleID)
	hub.Stop()
	_, err := iotmodule.Dial(t.Context(), module, &iotmodule.Options{RootCAs: hub.RootCAs()})
	if want := "Is the local hub running"; !strings.Contains(iothub.Hint(err), want) {
		t.Errorf("Dial: %v, hint %q, want %q", err, iothub.Hint(err), want)
	}
}

func TestDialObeysItsContext(t *testing.T) {
	t.Parallel()
	hub := localhub.New(t)
	module := hub.AddModule(deviceID, moduleID)
	for _, at := range []fault.Point{fault.SignIn, fault.Subscribe} {
		hub.FailNext(1, at, fault.Silence())
		applied := hub.FaultsInjected()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			hub.WaitFaults(t.Context(), applied+1)
			cancel()
		}()
		_, err := iotmodule.Dial(ctx, module, &iotmodule.Options{RootCAs: hub.RootCAs()})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Dial, cancelled at %v: %v", at, err)
		}
	}
}

func TestTwin(t *testing.T) {
	t.Parallel()
	inBothSettings(t, "read and reported", func(s *fixture) {
		s.patch(map[string]any{"telemetryInterval": 122})
		version, err := s.client.UpdateReported(s.ctx, map[string]any{"interval": 122, "state": map[string]any{"on": true}})
		if err != nil || version != 2 {
			s.Errorf("UpdateReported = %d, %v, want version 2", version, err)
		}
		if version, err = s.client.UpdateReported(s.ctx, map[string]any{"state": nil}); err != nil || version != 3 {
			s.Errorf("UpdateReported = %d, %v, want version 3", version, err)
		}
		twin, err := s.client.GetTwin(s.ctx)
		if err != nil {
			s.Fatal(err)
		}
		if got, want := twin.Properties.Desired.String(), `{"$version":2,"telemetryInterval":122}`; got != want {
			s.Errorf("desired properties %s, want %s", got, want)
		}
		if got, want := twin.Properties.Reported.String(), `{"$version":3,"interval":122}`; got != want {
			s.Errorf("reported properties %s, want %s", got, want)
		}
		if twin.DeviceID != deviceID || twin.ModuleID != moduleID {
			s.Errorf("twin of %s/%s", twin.DeviceID, twin.ModuleID)
		}
	})
}

// Requests are tried again until the trouble has passed.
func TestRequestsPersist(t *testing.T) {
	t.Parallel()
	failures := []fault.Failure{
		fault.Cut(), fault.CutReset(), fault.CutHalfway(), fault.LoseResponse(), fault.Silence(),
		fault.Status(429), fault.Status(503), fault.Duplicate(),
	}
	for _, failure := range failures {
		inSettings(t, settingsFor(fault.TwinGet, failure), failure.String(), func(s *fixture) {
			s.hub.FailNext(2, fault.TwinPatch, failure)
			if _, err := s.client.UpdateReported(s.ctx, map[string]any{"n": 1}); err != nil {
				s.Errorf("UpdateReported: %v", err)
			}
			s.hub.FailNext(2, fault.TwinGet, failure)
			twin, err := s.client.GetTwin(s.ctx)
			if err != nil {
				s.Fatal(err)
			}
			if got := twin.Properties.Reported["n"]; got != 1.0 {
				s.Errorf("reported n = %v, want 1", got)
			}
		})
	}
}

func TestReportedRefused(t *testing.T) {
	s := newFixture(t, overSockets)
	_, err := s.client.UpdateReported(s.ctx, map[string]any{"a.b": 1})
	if !errors.Is(err, iothub.ErrBadRequest) {
		t.Fatalf("UpdateReported with a dot in a name: %v, want ErrBadRequest", err)
	}
	if want := `update the reported properties of module "myFirstModule" on device "myFirstDevice": 400 ArgumentInvalid: Property or Tag name has invalid characters`; !strings.Contains(err.Error(), want) {
		t.Errorf("error %q does not say %q", err, want)
	}
	if _, err := s.client.UpdateReported(s.ctx, map[string]any{"f": func() {}}); err == nil {
		t.Error("a function was reported")
	}
}

// Close ends all waiting, and may be called again.
func TestCloseEndsWaiting(t *testing.T) {
	t.Parallel()
	inBothSettings(t, "for anything", func(s *fixture) {
		s.hub.FailNext(1, fault.TwinGet, fault.Silence())
		applied := s.hub.FaultsInjected()
		failed := make(chan error)
		go func() {
			_, err := s.client.GetTwin(s.ctx)
			failed <- err
		}()
		if err := s.hub.WaitFaults(s.ctx, applied+1); err != nil {
			s.Fatal(err)
		}
		s.client.Close()
		s.client.Close()
		if err := <-failed; !errors.Is(err, iotmodule.ErrClosed) {
			s.Errorf("GetTwin during Close: %v, want ErrClosed", err)
		}
		if err := s.reader.awaitEnd(s); err != nil {
			s.Errorf("the sequence ended with %v", err)
		}
		if _, err := s.client.GetTwin(s.ctx); !errors.Is(err, iotmodule.ErrClosed) {
			s.Errorf("GetTwin after Close: %v, want ErrClosed", err)
		}
		if _, err := s.client.SubscribeDesired(s.ctx); !errors.Is(err, iotmodule.ErrClosed) {
			s.Errorf("SubscribeDesired after Close: %v, want ErrClosed", err)
		}
	})
}

// Dialing and closing leaves no memory and no open files behind.
func TestCycles(t *testing.T) {
	cycles := 500
	if testing.Short() {
		cycles = 50
	}
	hub := localhub.New(t)
	module := hub.AddModule(deviceID, moduleID)
	opts := &iotmodule.Options{RootCAs: hub.RootCAs()}
	once := func() {
		client, err := iotmodule.Dial(t.Context(), module, opts)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.SubscribeDesired(t.Context()); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		client.Close()
		if took := time.Since(begin); took > 5*time.Second { // it once waited for a write that nobody read
			t.Errorf("Close took %v", took)
		}
	}
	for range 20 { // pools fill, caches warm
		once()
	}
	heap, files := heapInUse(), openFiles()
	for range cycles {
		once()
	}
	if _, err := hub.WaitConnection(t.Context(), deviceID, moduleID, func(l localhub.ConnectionState) bool { return !l.Connected }); err != nil {
		t.Fatal(err)
	}
	if now := heapInUse(); now > heap+4<<20 {
		t.Errorf("the heap grew from %d to %d KiB", heap>>10, now>>10)
	}
	for deadline := time.Now().Add(5 * time.Second); openFiles() > files+4; { // the hub may be about to close some
		if time.Now().After(deadline) {
			t.Errorf("open files grew from %d to %d", files, openFiles())
			break
		}
		runtime.Gosched()
	}
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// openFiles counts file descriptors, on systems that show them.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

// Properties that were read can be reported, whatever numbers they hold.
func TestTwinIsReportedBack(t *testing.T) {
	hub := localhub.New(t)
	client, err := iotmodule.Dial(t.Context(), hub.AddModule(deviceID, moduleID), &iotmodule.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	hub.PatchDesired(deviceID, moduleID, map[string]any{"n": json.RawMessage(`[1e20,4503599627370496.0,-4503599627370497e0,4503599627370495,21.50]`)})
	read, err := client.GetTwin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.UpdateReported(t.Context(), read.Properties.Desired); err != nil {
		t.Fatal(err)
	}
	after, err := client.GetTwin(t.Context())
	if err != nil || !reflect.DeepEqual(after.Properties.Reported["n"], read.Properties.Desired["n"]) {
		t.Errorf("%v was reported as %v, %v", read.Properties.Desired["n"], after.Properties.Reported["n"], err)
	}
}
