package sdktest

import (
	"context"
	"iter"
	"testing"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
)

// TestMixedWalk goes the tutorial's way with programs of both languages that
// take turns.
func TestMixedWalk(t *testing.T) {
	t.Parallel()
	s := openSide(t)
	service := startDriver(t, s.hub, "service.py")
	service.do(t, "open", s.hub.ConnectionString(localhub.PolicyServiceAndRegistryReadWrite).Reveal())
	registry := openRegistry(t, s.hub)

	t.Run("Python creates, Go updates, Python receives", func(t *testing.T) {
		service.do(t, "create_device_with_sas", "python", "", "", "enabled")
		created := service.do(t, "create_module_with_sas", "python", "m", "", "", "")
		key, err := iothub.ParseKey(text(created, keys+".primary_key"))
		if err != nil {
			t.Fatal(err)
		}
		s.open(t, iothub.ConnectionString{HostName: s.hub.HostName(), DeviceID: "python", ModuleID: "m", SharedAccessKey: key}, nil)
		s.driver.do(t, "receive", 1)
		s.link(t, "python", "m", func(l localhub.ConnectionState) bool { return l.Subscribed })

		before, err := registry.GetModuleTwin(t.Context(), "python", "m")
		if err != nil {
			t.Fatal(err)
		}
		patch := iothub.TwinPatch{Desired: map[string]any{"telemetryInterval": 122}}
		after, err := registry.UpdateModuleTwin(t.Context(), "python", "m", patch, before.ETag)
		if err != nil {
			t.Fatal(err)
		}
		s.hears(t, `{"$version":2,"telemetryInterval":122}`)
		has(t, service.do(t, "get_module_twin", "python", "m"), "etag", `"`+after.ETag+`"`, "properties.desired.telemetryInterval", "122")
	})

	t.Run("Go creates, Python updates, Go receives", func(t *testing.T) {
		if _, err := registry.CreateDevice(t.Context(), iothub.Device{DeviceID: "go"}); err != nil {
			t.Fatal(err)
		}
		created, err := registry.CreateModule(t.Context(), iothub.Module{DeviceID: "go", ModuleID: "m"})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		client, err := iotmodule.Dial(ctx, created.ConnectionString(s.hub.HostName()), &iotmodule.Options{RootCAs: s.hub.RootCAs()})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		subscription, err := client.SubscribeDesired(ctx)
		if err != nil {
			t.Fatal(err)
		}
		twin := service.do(t, "get_module_twin", "go", "m")
		service.do(t, "update_module_twin", "go", "m", desired(object{"telemetryInterval": 122}), text(twin, "etag"))
		same(t, "the patch", first(t, subscription.Patches()), `{"$version":2,"telemetryInterval":122}`)

		if _, err := client.UpdateReported(ctx, object{"telemetryInterval": 122}); err != nil {
			t.Fatal(err)
		}
		has(t, service.do(t, "get_module_twin", "go", "m"), "connection_state", `"Connected"`, "properties.reported.telemetryInterval", "122")
	})
}

// first returns the first patch of a sequence.
func first(t *testing.T, patches iter.Seq2[iothub.Properties, error]) iothub.Properties {
	t.Helper()
	for patch, err := range patches {
		if err != nil {
			t.Fatal(err)
		}
		return patch
	}
	t.Fatal("no patch came")
	return nil
}
