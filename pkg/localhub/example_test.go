package localhub_test

import (
	"context"
	"fmt"
	"log"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/event"
)

// tb stands in for the *testing.T of a test function.
type tb struct{ cleanups []func() }

func (*tb) Helper()                           {}
func (t *tb) Cleanup(f func())                { t.cleanups = append(t.cleanups, f) }
func (*tb) Logf(format string, args ...any)   {}
func (*tb) Fatalf(format string, args ...any) { log.Fatalf(format, args...) }

// In a test, t is the test's own, and the hub is closed when the test ends.
func ExampleNew() {
	t := new(tb)
	hub := localhub.New(t)
	module := hub.AddModule("myFirstDevice", "myFirstModule")
	fmt.Println(module.Owner())

	version, err := hub.PatchDesired("myFirstDevice", "myFirstModule", map[string]any{"telemetryInterval": 122})
	fmt.Println(version, err)

	for _, cleanup := range t.cleanups { // as package testing does
		cleanup()
	}
	// Output:
	// module "myFirstModule" on device "myFirstDevice"
	// 2 <nil>
}

// A program that needs its own hub starts one and closes it.
func ExampleStart() {
	hub, err := localhub.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer hub.Close()
	hub.AddModule("myFirstDevice", "myFirstModule")

	registry, err := iothub.NewRegistry(hub.ConnectionString(localhub.PolicyService), &iothub.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		log.Fatal(err)
	}
	patch := iothub.TwinPatch{Desired: map[string]any{"telemetryInterval": 122}}
	if _, err := registry.UpdateModuleTwin(context.Background(), "myFirstDevice", "myFirstModule", patch, ""); err != nil {
		log.Fatal(err)
	}

	twin, _ := hub.Twin("myFirstDevice", "myFirstModule")
	fmt.Println(twin.Properties.Desired["telemetryInterval"], twin.Properties.Desired.Version())
	// Output: 122 2
}

// A test may watch what happens between the two ends: here, why a patch does
// not reach its module.
func ExampleHub_Events() {
	hub, err := localhub.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer hub.Close()
	hub.AddModule("myFirstDevice", "myFirstModule")

	events := hub.Events(context.Background()) // from here on
	if _, err := hub.PatchDesired("myFirstDevice", "myFirstModule", map[string]any{"telemetryInterval": 122}); err != nil {
		log.Fatal(err)
	}
	for e := range events {
		fmt.Println(e)
		if e.Kind == event.NotificationMissed {
			break
		}
	}
	// Output:
	// DesiredChanged device=myFirstDevice module=myFirstModule version=2 patch=map[telemetryInterval:122]
	// NotificationMissed device=myFirstDevice module=myFirstModule version=2 reason="it is not connected"
}
