package localhub_test

import (
	"context"
	"encoding/json"
	"iter"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/internal/memnet"
	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/event"
	"moduletwin/pkg/localhub/fault"
)

// next returns the events up to the first of kind last.
func next(t *testing.T, events iter.Seq[event.Event], last event.Kind) (list []event.Event) {
	t.Helper()
	for e := range events {
		if list = append(list, e); e.Kind == last {
			return list
		}
	}
	t.Fatalf("the events end without %v: %v", last, list)
	return nil
}

// story formats events without what differs from run to run.
func story(events []event.Event) []string {
	lines := make([]string, len(events))
	for i, e := range events {
		e.RemoteAddr = ""
		lines[i] = e.String()
	}
	return lines
}

func TestEvents(t *testing.T) {
	hub := localhub.New(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	events := hub.Events(ctx)
	expect := func(last event.Kind, want ...string) {
		t.Helper()
		if got := story(next(t, events, last)); !slices.Equal(got, want) {
			t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
	}
	service, err := iothub.NewRegistry(hub.ConnectionString(localhub.PolicyServiceAndRegistryReadWrite), &iothub.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.CreateDevice(ctx, iothub.Device{DeviceID: "d"}); err != nil {
		t.Fatal(err)
	}
	expect(event.Request,
		"Created device=d",
		"Request device=d by=serviceAndRegistryReadWrite request=PUT /devices/d status=200")
	module := hub.AddModule("d", "m")
	expect(event.Created, "Created device=d module=m")

	patch := iothub.TwinPatch{Desired: map[string]any{"a": 1}, Tags: map[string]any{"site": "x"}}
	if _, err := service.UpdateModuleTwin(ctx, "d", "m", patch, ""); err != nil {
		t.Fatal(err)
	}
	expect(event.Request,
		"TagsChanged device=d module=m patch=map[site:x]",
		"DesiredChanged device=d module=m version=2 patch=map[a:1]",
		`NotificationMissed device=d module=m version=2 reason="it is not connected"`,
		"Request device=d module=m by=serviceAndRegistryReadWrite request=PATCH /twins/d/modules/m status=200")
	if _, err := service.ReplaceModuleTwin(ctx, "d", "m", iothub.TwinPatch{Desired: map[string]any{"b": 2}}, "stale"); err == nil {
		t.Fatal("a stale ETag was accepted")
	}
	expect(event.RequestRefused,
		`RequestRefused device=d module=m by=serviceAndRegistryReadWrite request=PUT /twins/d/modules/m status=412 reason="ETag mismatch for device ID 'd'"`)

	wrong := module
	wrong.SharedAccessKey = iothub.NewKey(make([]byte, 32))
	if _, err := iotmodule.Dial(ctx, wrong, &iotmodule.Options{RootCAs: hub.RootCAs()}); err == nil {
		t.Fatal("a wrong key was accepted")
	}
	expect(event.SignInRefused,
		`SignInRefused device=d module=m reason="the signature matches neither key of module \"m\" on device \"d\""`)

	client, err := iotmodule.Dial(ctx, module, &iotmodule.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.SubscribeDesired(ctx); err != nil {
		t.Fatal(err)
	}
	expect(event.Request,
		"SignedIn device=d module=m",
		"Subscribed device=d module=m",
		`Request device=d module=m by=module "m" on device "d" request=GET $iothub/twin status=200`)
	if _, err := service.ReplaceModuleTwin(ctx, "d", "m", iothub.TwinPatch{Desired: map[string]any{"b": 2}}, ""); err != nil {
		t.Fatal(err)
	}
	expect(event.Request,
		"TagsChanged device=d module=m patch=map[site:<nil>]",
		"DesiredChanged device=d module=m version=3 patch=map[a:<nil> b:2]",
		"NotificationSent device=d module=m version=3",
		"Request device=d module=m by=serviceAndRegistryReadWrite request=PUT /twins/d/modules/m status=200")
	if _, err := client.UpdateReported(ctx, map[string]any{"b": 2}); err != nil {
		t.Fatal(err)
	}
	expect(event.Request,
		"ReportedChanged device=d module=m version=2 patch=map[b:2]",
		`Request device=d module=m by=module "m" on device "d" request=PATCH $iothub/twin status=204`)
	if _, err := client.UpdateReported(ctx, map[string]any{"a b": 2}); err == nil {
		t.Fatal("a name with a space was accepted")
	}
	refused := next(t, events, event.RequestRefused)
	if e := refused[len(refused)-1]; e.Status != 400 || !strings.Contains(e.Reason, "invalid characters") {
		t.Errorf("the refusal is %v", e)
	}

	hub.FailNext(1, fault.Notify, fault.Silence())
	if _, err := hub.PatchDesired("d", "m", map[string]any{"c": 3}); err != nil {
		t.Fatal(err)
	}
	expect(event.NotificationMissed,
		`ConditionsChanged reason="Silence at Notify is pending"`,
		"DesiredChanged device=d module=m version=4 patch=map[c:3]",
		`Fault reason="Silence at Notify: module \"m\" on device \"d\""`,
		`NotificationMissed device=d module=m version=4 reason="fault Silence"`)
	client.Close()
	expect(event.Disconnected, `Disconnected device=d module=m reason="the client signed out"`)
	if err := service.DeleteDevice(ctx, "d", ""); err != nil {
		t.Fatal(err)
	}
	expect(event.Request,
		"Deleted device=d", "Deleted device=d module=m",
		"Request device=d by=serviceAndRegistryReadWrite request=DELETE /devices/d status=204")
	hub.Close()
	for e := range events {
		t.Errorf("there is an event after Close: %v", e)
	}
}

// TestEventsHoldNoSecrets searches the events for every key and token that was
// used.
func TestEventsHoldNoSecrets(t *testing.T) {
	hub := localhub.New(t)
	recording := hub.RecordEvents(1000)
	secrets := []string{hub.AddModule("d", "m").SharedAccessKey.Reveal()}
	for _, policy := range hub.Policies() {
		secrets = append(secrets, policy.Keys.PrimaryKey.Reveal(), policy.Keys.SecondaryKey.Reveal())
		service, err := iothub.NewRegistry(hub.ConnectionString(policy.Name), &iothub.Options{RootCAs: hub.RootCAs()})
		if err != nil {
			t.Fatal(err)
		}
		service.GetModule(t.Context(), "d", "m")
		service.CreateDevice(t.Context(), iothub.Device{DeviceID: "e"})
	}
	client, err := iotmodule.Dial(t.Context(), hub.AddModule("d", "m"), &iotmodule.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	hub.ExpireTokens()
	client.Close()
	events, _, _ := recording.After(0, 1000)
	text, err := json.Marshal(events)
	if err != nil || len(events) < 10 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	for _, secret := range append(secrets, "SharedAccessSignature", "sig=") {
		if strings.Contains(string(text), secret) {
			t.Error("an event contains a secret")
		}
	}
}

func TestPolicies(t *testing.T) {
	hub := localhub.New(t)
	var lines []string
	for _, p := range hub.Policies() {
		lines = append(lines, p.Name+" "+strings.Join(p.Permissions, ","))
		if !p.Keys.PrimaryKey.Equal(hub.ConnectionString(p.Name).SharedAccessKey) || p.Keys.SecondaryKey.IsZero() {
			t.Errorf("%s has different keys", p.Name)
		}
	}
	want := []string{
		"iothubowner RegistryRead,RegistryWrite,ServiceConnect,DeviceConnect",
		"service ServiceConnect",
		"device DeviceConnect",
		"registryRead RegistryRead",
		"registryReadWrite RegistryRead,RegistryWrite",
		"serviceAndRegistryReadWrite RegistryRead,RegistryWrite,ServiceConnect",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got %q, want %q", lines, want)
	}
}

func TestCheckPatch(t *testing.T) {
	hub := localhub.New(t)
	hub.AddModule("d", "m")
	for _, row := range []struct {
		module string
		patch  iothub.TwinPatch
		says   string
	}{
		{"m", iothub.TwinPatch{Desired: map[string]any{"a": 1, "b": nil}}, ""},
		{"", iothub.TwinPatch{Tags: map[string]any{"a": 1}}, ""},
		{"m", iothub.TwinPatch{Desired: map[string]any{"a b": 1}}, "invalid characters"},
		{"m", iothub.TwinPatch{Tags: map[string]any{"a": strings.Repeat("x", 5000)}}, "maximum 4096 bytes"},
		{"other", iothub.TwinPatch{Tags: map[string]any{"a": 1}}, "there is no module"},
	} {
		err := hub.CheckPatch("d", row.module, row.patch)
		if row.says == "" && err != nil || row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says)) {
			t.Errorf("%v: %v, want %q", row.patch, err, row.says)
		}
	}
	if twin, _ := hub.Twin("d", "m"); twin.Properties.Desired.Version() != 1 {
		t.Error("checking has changed the twin")
	}
}

// TestStopFor checks that the hub resumes by itself, earlier on Resume, and
// after a later Stop only when told to.
func TestStopFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, err := localhub.Start(&localhub.Options{Listeners: []net.Listener{memnet.Listen()}})
		if err != nil {
			t.Fatal(err)
		}
		defer hub.Close()
		stopped := func(want bool, left time.Duration) {
			t.Helper()
			synctest.Wait()
			is, until := hub.Stopped()
			if is != want || until.IsZero() != (left == 0) || left > 0 && time.Until(until) != left {
				t.Errorf("stopped: %v until %v, want %v for %v", is, until, want, left)
			}
		}
		stopped(false, 0)
		hub.StopFor(10 * time.Second)
		stopped(true, 10*time.Second)
		time.Sleep(5 * time.Second)
		hub.StopFor(10 * time.Second) // counts from now
		time.Sleep(9 * time.Second)
		stopped(true, time.Second)
		time.Sleep(time.Second)
		stopped(false, 0)

		hub.StopFor(time.Second)
		if err := hub.Resume(); err != nil {
			t.Fatal(err)
		}
		stopped(false, 0)
		hub.StopFor(time.Second)
		hub.Stop()
		time.Sleep(time.Hour)
		stopped(true, 0)
		hub.StopFor(time.Second)
	})
}

func TestPendingFaults(t *testing.T) {
	hub := localhub.New(t)
	hub.FailNext(3, fault.REST, fault.Status(429))
	hub.FailNext(1, fault.Notify, fault.Cut())
	want := []fault.Pending{{Left: 3, At: fault.REST, Failure: fault.Status(429)}, {Left: 1, At: fault.Notify, Failure: fault.Cut()}}
	if got := hub.PendingFaults(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	hub.ClearFaults()
	if got := hub.PendingFaults(); len(got) > 0 {
		t.Errorf("%v are left after ClearFaults", got)
	}
}
