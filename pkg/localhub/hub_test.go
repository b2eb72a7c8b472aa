package localhub_test

import (
	"fmt"
	"testing"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// TestRegistry calls the hub through the service client, as programs do.
func TestRegistry(t *testing.T) {
	hub := localhub.New(t)
	registry, err := iothub.NewRegistry(hub.ConnectionString(localhub.PolicyIoTHubOwner), &iothub.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := registry.CreateDevice(t.Context(), iothub.Device{DeviceID: "d"}); err != nil {
		t.Fatal(err)
	}
	module, err := registry.CreateModule(t.Context(), iothub.Module{DeviceID: "d", ModuleID: "m"})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(module.Authentication.SymmetricKey.PrimaryKey.Bytes()); n != 32 {
		t.Errorf("the primary key has %d bytes, want 32", n)
	}
	twin, err := registry.UpdateModuleTwin(t.Context(), "d", "m", iothub.TwinPatch{Desired: map[string]any{"a": 1}}, "")
	if err != nil {
		t.Fatal(err)
	}
	if twin.Properties.Desired["a"] != 1.0 || twin.Version != 3 || twin.Properties.Desired.Version() != 2 {
		t.Errorf("the updated twin is %+v", twin)
	}
}

func TestUnknownPolicy(t *testing.T) {
	hub := localhub.New(t)
	defer func() {
		if said := fmt.Sprint(recover()); said != `localhub: there is no shared access policy "servcie"` {
			t.Errorf("ConnectionString panicked with %q", said)
		}
	}()
	hub.ConnectionString("servcie")
}
