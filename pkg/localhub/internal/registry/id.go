package registry

import (
	"fmt"
	"strings"

	"moduletwin/pkg/localhub/internal/huberror"
)

// ID identifies a device or, if Module is set, a module of that device.
type ID struct{ Device, Module string }

// String returns id in words, for a log: `module "m" on device "d"`.
func (id ID) String() string {
	if id.Module == "" {
		return fmt.Sprintf("device %q", id.Device)
	}
	return fmt.Sprintf("module %q on device %q", id.Module, id.Device)
}

// IsModule reports whether id is that of a module.
func (id ID) IsModule() bool { return id.Module != "" }

// Path returns the segments that represent id in the audience of a token and in
// topics.
func (id ID) Path() []string {
	if !id.IsModule() {
		return []string{"devices", id.Device}
	}
	return []string{"devices", id.Device, "modules", id.Module}
}

// parsePath is the inverse of [ID.Path].
func parsePath(path []string) (id ID, ok bool) {
	switch {
	case len(path) == 2 && path[0] == "devices":
		return ID{Device: path[1]}, true
	case len(path) == 4 && path[0] == "devices" && path[2] == "modules":
		return ID{Device: path[1], Module: path[3]}, true
	}
	return ID{}, false
}

// notFound returns the error that id does not exist. If id is that of a module,
// its device does exist.
func (id ID) notFound() error {
	if !id.IsModule() {
		return huberror.DeviceNotFound(id.Device)
	}
	return huberror.ModuleNotFound(id.Device, id.Module)
}

func (id ID) alreadyExists() error {
	if !id.IsModule() {
		return huberror.DeviceExists(id.Device)
	}
	return huberror.ModuleExists(id.Device, id.Module)
}

// check reports an id that is not allowed.
func (id ID) check() error {
	if err := checkID("Device", id.Device); err != nil || !id.IsModule() {
		return err
	}
	if strings.HasPrefix(id.Module, "$") { // $edgeAgent and the like, which the hub itself creates, see azure-iot-sdk-csharp#875
		return huberror.InvalidArgument("Module ID '%s' is invalid. It cannot begin with '$'.", id.Module)
	}
	return checkID("Module", id.Module)
}

// MaxIDLength is the limit for device and module ids alike, in characters.
const MaxIDLength = 128

// TooLong reports whether an id exceeds the limit. Nothing can have such an id,
// so it is not worth remembering.
func (id ID) TooLong() bool { return len(id.Device) > MaxIDLength || len(id.Module) > MaxIDLength }

// checkID checks an id, whose kind is "Device" or "Module". The rules are those
// of
// https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-identity-registry.
// Package iothub checks ids as well; the hub has code of its own, so that it
// can detect mistakes there.
func checkID(kind, id string) error {
	if id == "" || len(id) > MaxIDLength || strings.ContainsFunc(id, isNoIDRune) {
		return huberror.InvalidArgument("%s ID '%s' is invalid. It has up to %d ASCII letters, digits and characters of - : . + %% _ # * ? ! ( ) , = @ ; $ '", kind, id, MaxIDLength)
	}
	return nil
}

func isNoIDRune(r rune) bool {
	isAlphanumeric := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	return !isAlphanumeric && !strings.ContainsRune("-:.+%_#*?!(),=@;$'", r)
}
