package sample_test

import (
	"testing"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
)

// TestOwnCode is what the README shows of using the libraries in code and
// tests of one's own.
func TestOwnCode(t *testing.T) {
	ctx := t.Context()
	hub := localhub.New(t) // runs until the end of the test
	registry, err := iothub.NewRegistry(hub.ConnectionString(localhub.PolicyIoTHubOwner), &iothub.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}

	// The module.
	module := hub.AddModule("thermostat", "sensor")
	client, err := iotmodule.Dial(ctx, module, &iotmodule.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	subscription, err := client.SubscribeDesired(ctx)
	if err != nil {
		t.Fatal(err)
	}

	// The back end, while the module is offline for a moment.
	hub.Disconnect("thermostat", "sensor")
	patch := iothub.TwinPatch{Desired: map[string]any{"celsius": 21.5}}
	if _, err := registry.UpdateModuleTwin(ctx, "thermostat", "sensor", patch, ""); err != nil {
		t.Fatal(err)
	}

	for patch, err := range subscription.Patches() {
		if err != nil {
			t.Fatal(err)
		}
		if patch["celsius"] != 21.5 {
			t.Errorf("patch is %v", patch)
		}
		break
	}
}
