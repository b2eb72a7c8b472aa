package iothub

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"moduletwin/pkg/internal/hint"
)

// APIVersion is the version of IoT Hub's API that this package and package
// iotmodule use. See https://learn.microsoft.com/rest/api/iothub/.
const APIVersion = "2021-04-12"

// operation is one thing for the hub to do: the request, and its name in errors.
type operation struct {
	name       string // in errors: `create module "m" on device "d"`
	permission string // the permission that the policy needs
	invalid    error  // what is wrong with the input; if set, nothing is sent

	deviceID string // the device concerned; "" for all devices
	moduleID string // "" if the operation concerns a device

	method  string
	path    []string // unescaped segments
	query   url.Values
	ifMatch string // an ETag, quoted; "" for no condition
	body    any    // nil for none
	text    []byte // body as JSON; set when it is sent

	// carriedOut reports whether a write whose response was lost has been
	// carried out. now is what reading the same path returns afterwards. A
	// delete does not need it: after it, there is nothing to read.
	carriedOut func(now []byte) bool
}

// The permissions of policies, as the Azure portal names them. See
// https://learn.microsoft.com/azure/iot-hub/iot-hub-dev-guide-sas#access-control-and-permissions.
const (
	registryRead   = "Registry Read"
	registryWrite  = "Registry Write"
	serviceConnect = "Service Connect"
)

// limited lists the policies of a new hub that do not have all permissions. See
// https://learn.microsoft.com/azure/iot-hub/iot-hub-dev-guide-sas#access-control-and-permissions.
var limited = map[string][]string{
	"service":           {serviceConnect},
	"device":            {},
	"registryRead":      {registryRead},
	"registryReadWrite": {registryRead, registryWrite},
}

// lacksPermission reports whether a policy with that name lacks the permission
// on a new hub. Somebody may have changed the policy since.
func lacksPermission(policy, permission string) bool {
	permitted, known := limited[policy]
	return known && !slices.Contains(permitted, permission)
}

func deviceOperation(verb, method, deviceID string) operation {
	return operation{
		name:       fmt.Sprintf("%s device %q", verb, deviceID),
		permission: registryPermission(method),
		invalid:    checkID("device", deviceID),
		deviceID:   deviceID,
		method:     method,
		path:       []string{"devices", deviceID},
	}
}

func moduleOperation(verb, method, deviceID, moduleID string) operation {
	return operation{
		name:       fmt.Sprintf("%s module %q on device %q", verb, moduleID, deviceID),
		permission: registryPermission(method),
		invalid:    checkIDs(deviceID, moduleID),
		deviceID:   deviceID,
		moduleID:   moduleID,
		method:     method,
		path:       []string{"devices", deviceID, "modules", moduleID},
	}
}

func deviceTwinOperation(verb, method, deviceID string) operation {
	op := deviceOperation(verb+" twin of", method, deviceID)
	op.permission = serviceConnect
	op.path[0] = "twins"
	return op
}

func moduleTwinOperation(verb, method, deviceID, moduleID string) operation {
	op := moduleOperation(verb+" twin of", method, deviceID, moduleID)
	op.permission = serviceConnect
	op.path[0] = "twins"
	return op
}

func registryPermission(method string) string {
	if method == http.MethodGet {
		return registryRead
	}
	return registryWrite
}

func checkIDs(deviceID, moduleID string) error {
	if err := checkID("device", deviceID); err != nil {
		return err
	}
	return checkID("module", moduleID)
}

// changed reports whether etag differs from the one in the condition of op.
func (op operation) changed(etag string) bool { return ifETag(etag) != op.ifMatch }

// read returns the operation that reads what op writes.
func (op operation) read() operation {
	read := operation{name: op.name, permission: op.permission, deviceID: op.deviceID, moduleID: op.moduleID, method: http.MethodGet, path: op.path}
	if op.permission == registryWrite {
		read.permission = registryRead
	}
	return read
}

// checkSubject returns an error if a decoded response is about another device or
// module than op. A list of devices may contain any device.
func (op operation) checkSubject(decoded any) error {
	switch decoded := decoded.(type) {
	case Device:
		return op.checkResponseIDs(decoded.DeviceID, "")
	case Module:
		return op.checkResponseIDs(decoded.DeviceID, decoded.ModuleID)
	case Twin:
		return op.checkResponseIDs(decoded.DeviceID, decoded.ModuleID)
	case []Module:
		for _, module := range decoded {
			if module.DeviceID != op.deviceID {
				return op.checkResponseIDs(module.DeviceID, module.ModuleID)
			}
		}
	}
	return nil
}

func (op operation) checkResponseIDs(deviceID, moduleID string) error {
	if deviceID == op.deviceID && moduleID == op.moduleID {
		return nil
	}
	about := "no device"
	if deviceID != "" {
		about = fmt.Sprintf("device %.200q", deviceID)
	}
	if moduleID != "" {
		about = fmt.Sprintf("module %.200q on %s", moduleID, about)
	}
	return &hint.Error{
		Err:  fmt.Errorf("iothub: %s: the response is about %s", op.name, about),
		Hint: hintNotAHub,
	}
}

// ifETag returns the If-Match header for an ETag as JSON bodies show it. For "",
// the condition is that the identity or twin exists at all. The hub ignores a
// condition without quotes.
func ifETag(etag string) string {
	if etag == "" {
		etag = "*"
	}
	return `"` + strings.Trim(etag, `"`) + `"`
}

// url returns the address on the hub at host.
func (op operation) url(host string) string {
	var b strings.Builder
	b.WriteString("https://" + host)
	for _, segment := range op.path {
		b.WriteString("/" + escape(segment))
	}
	b.WriteString("?")
	if len(op.query) > 0 {
		b.WriteString(op.query.Encode() + "&")
	}
	b.WriteString("api-version=" + APIVersion)
	return b.String()
}
