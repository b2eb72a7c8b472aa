package sdktest

import (
	"reflect"
	"testing"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
)

// TestSignIn has modules and devices sign in that may, and some that may
// not.
func TestSignIn(t *testing.T) {
	t.Parallel()
	s := openSide(t)
	module, other, device := s.hub.AddModule("d", "m"), s.hub.AddModule("d", "other"), s.hub.AddDevice("d")
	registry := openRegistry(t, s.hub)
	secondary := module
	if m, err := registry.GetModule(t.Context(), "d", "m"); err != nil {
		t.Fatal(err)
	} else {
		secondary.SharedAccessKey = m.Authentication.SymmetricKey.SecondaryKey
	}
	foreign, swapped, missing := module, module, module
	foreign.SharedAccessKey, swapped.SharedAccessKey, missing.ModuleID = other.SharedAccessKey, device.SharedAccessKey, "missing"
	off, offModule := s.hub.AddDevice("off"), s.hub.AddModule("off", "m")
	s.enable(t, registry, "off", false)

	for _, row := range []struct {
		name     string
		identity iothub.ConnectionString
		outcome  string
	}{
		{"module", module, letIn},
		{"device", device, letIn},
		{"secondary key", secondary, letIn},
		{"wrong key", foreign, notLetIn},
		{"key of the module's device", swapped, notLetIn},
		{"no such module", missing, notLetIn},
		{"disabled device", off, notLetIn},
		{"module of a disabled device", offModule, notLetIn},
	} {
		t.Run(row.name, func(t *testing.T) {
			s.open(t, row.identity, nil)
			s.signIn(t, row.outcome)
		})
	}
	for policy, outcome := range map[string]string{"device": letIn, "iothubowner": letIn, "service": notLetIn, "registryReadWrite": notLetIn} {
		t.Run("token of the policy "+policy, func(t *testing.T) {
			owner := s.hub.ConnectionString(policy)
			owner.HostName, owner.DeviceID, owner.ModuleID = owner.Host(), "d", "m"
			s.driver.do(t, "open_with_token", owner.NewSASToken(time.Now().Add(time.Hour)).Reveal(), s.options)
			s.signIn(t, outcome)
		})
	}
}

// enable sets the status of a device.
func (s side) enable(t *testing.T, registry *iothub.Registry, id string, enabled bool) {
	t.Helper()
	device, err := registry.GetDevice(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	device.Status = map[bool]string{true: "enabled", false: "disabled"}[enabled]
	if _, err := registry.UpdateDevice(t.Context(), device); err != nil {
		t.Fatal(err)
	}
}

// TestCutOff takes the right to be connected from modules that are.
func TestCutOff(t *testing.T) {
	t.Parallel()
	s := openSide(t)
	registry := openRegistry(t, s.hub)
	// told reads what the SDK tells of a device's module, until it is as
	// wanted. It may tell the same twice, and of the one before when that goes.
	told := func(t *testing.T, device string, connected bool) {
		t.Helper()
		for !reflect.DeepEqual(s.driver.wait(t, "connected"), []any{device, connected}) {
		}
	}
	watched := func(t *testing.T, device string, options object) {
		t.Helper()
		s.open(t, s.hub.AddModule(device, "m"), options)
		s.driver.do(t, "watch", device)
		s.signIn(t, letIn)
		told(t, device, true)
	}
	t.Run("its device is disabled, then enabled", func(t *testing.T) {
		watched(t, "d", nil)
		s.enable(t, registry, "d", false)
		told(t, "d", false)
		s.signIn(t, notLetIn)
		s.enable(t, registry, "d", true)
		s.signIn(t, letIn)
		told(t, "d", true)
	})
	t.Run("it is deleted", func(t *testing.T) {
		watched(t, "gone", nil)
		if err := registry.DeleteModule(t.Context(), "gone", "m", ""); err != nil {
			t.Fatal(err)
		}
		told(t, "gone", false)
		s.signIn(t, notLetIn)
	})
	t.Run("another client signs in as the same module", func(t *testing.T) {
		watched(t, "pushed", object{"connection_retry": false})
		client, err := iotmodule.Dial(t.Context(), s.hub.AddModule("pushed", "m"), &iotmodule.Options{RootCAs: s.hub.RootCAs()})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		told(t, "pushed", false)
		s.link(t, "pushed", "m", func(l localhub.ConnectionState) bool { return l.Connected && l.SignIns == 2 })
	})
}
