package localhub_test

import (
	"errors"
	"strings"
	"testing"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// TestErrors checks that errors of the hub's methods can be told apart like
// those that the hub sends over HTTPS.
func TestErrors(t *testing.T) {
	hub := localhub.New(t)
	hub.AddModule("d", "m")
	patch := func(module string, properties map[string]any) error {
		_, err := hub.PatchDesired("d", module, properties)
		return err
	}
	wait := func(device string) error {
		_, err := hub.WaitConnection(t.Context(), device, "m", func(localhub.ConnectionState) bool { return false })
		return err
	}
	for _, row := range []struct {
		err  error
		want error
		text string
	}{
		{patch("none", map[string]any{}), iothub.ErrNotFound, `patch desired properties of module "none" on device "d": 404 ModuleNotFound: `},
		{patch("m", map[string]any{"a b": 1}), iothub.ErrBadRequest, `patch desired properties of module "m" on device "d": 400 ArgumentInvalid: `},
		{hub.CheckPatch("d", "", iothub.TwinPatch{Tags: map[string]any{"a b": 1}}), iothub.ErrBadRequest, `check patch of device "d": 400 ArgumentInvalid: `},
		{hub.CheckPatch("none", "m", iothub.TwinPatch{}), iothub.ErrNotFound, `check patch of module "m" on device "none": 404 DeviceNotFound: `},
		{wait("none"), iothub.ErrNotFound, `wait for connection of module "m" on device "none": 404 DeviceNotFound: `},
	} {
		refused := (*iothub.Error)(nil)
		if !errors.Is(row.err, row.want) || !errors.As(row.err, &refused) || !strings.HasPrefix(row.err.Error(), "iothub: "+row.text) {
			t.Errorf("%v, want %s", row.err, row.text)
		}
	}
	hub.Stop()
	hub.Close()
	for _, err := range []error{wait("d"), hub.Resume(), hub.Restart(), hub.RestartEmpty()} {
		if !errors.Is(err, localhub.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
}
