package registry

import (
	"fmt"
	"strings"

	"moduletwin/pkg/localhub/internal/huberror"
)

// ID names an identity: a device or, if Module is set, a module of it.
type ID struct{ Device, Module string }

// String returns the words for a log: `module "m" on device "d"`.
func (id ID) String() string {
	if id.Module == "" {
		return fmt.Sprintf("device %q", id.Device)
	}
	return fmt.Sprintf("module %q on device %q", id.Module, id.Device)
}

// IsModule tells a module from a device.
func (id ID) IsModule() bool { return id.Module != "" }

// Path returns the segments that stand for id in the audience of a token and
// in topics.
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

// notFound says that there is no id. For a module, the device exists.
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

// check reports an id that may not be given.
func (id ID) check() error {
	if err := checkID("Device", id.Device); err != nil || !id.IsModule() {
		return err
	}
	if strings.HasPrefix(id.Module, "$") { // $edgeAgent and the like, which the hub makes itself, see azure-iot-sdk-csharp#875
		return huberror.InvalidArgument("Module ID '%s' is invalid. It cannot begin with '$'.", id.Module)
	}
	return checkID("Module", id.Module)
}

// maxIDLength is the limit for device and module ids alike, in characters.
const maxIDLength = 128

// checkID takes as kind "Device" or "Module". The rules are those of
// https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-identity-registry.
// Package iothub has them, too; the hub judges it, so it must not share its
// mistakes.
func checkID(kind, id string) error {
	if id == "" || len(id) > maxIDLength || strings.ContainsFunc(id, isNoIDRune) {
		return huberror.InvalidArgument("%s ID '%s' is invalid. It has up to %d ASCII letters, digits and characters of - : . + %% _ # * ? ! ( ) , = @ ; $ '", kind, id, maxIDLength)
	}
	return nil
}

func isNoIDRune(r rune) bool {
	isAlphanumeric := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	return !isAlphanumeric && !strings.ContainsRune("-:.+%_#*?!(),=@;$'", r)
}
