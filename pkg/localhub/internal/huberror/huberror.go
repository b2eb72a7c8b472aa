// Package huberror has the errors with which an IoT hub refuses requests. All
// layers return them. Over HTTPS, the client gets the status and the code; over
// MQTT, the status and the number. See
// https://learn.microsoft.com/azure/iot-hub/troubleshoot-error-codes.
package huberror

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Error is a refusal.
type Error struct {
	Status  int    // 404
	Number  int    // 404010
	Code    string // "ModuleNotFound"
	Message string // what the client is told
	Reason  string // what the log says instead; "" if it says Message
}

// Error returns the text for the log.
func (e *Error) Error() string {
	if e.Reason != "" {
		return e.Reason
	}
	return e.Message
}

// From returns the *Error in err's chain. If there is none, err is a failure of
// the hub itself, of which the client is told no details.
func From(err error) *Error {
	if refused := (*Error)(nil); errors.As(err, &refused) {
		return refused
	}
	return &Error{http.StatusInternalServerError, 500001, "ServerError", "InternalServerError", err.Error()}
}

// Unauthorized is for requests without valid authorization. The client is not
// told the reason, which is only for the log.
func Unauthorized(reason error) error {
	return &Error{http.StatusUnauthorized, 401002, "IotHubUnauthorizedAccess", "Unauthorized", reason.Error()}
}

// InvalidArgument is for a request that is malformed or asks for something
// invalid.
func InvalidArgument(format string, args ...any) error {
	return &Error{http.StatusBadRequest, 400004, "ArgumentInvalid", fmt.Sprintf(format, args...), ""}
}

// EmptyBody is for a request whose body is missing.
func EmptyBody() error {
	return &Error{http.StatusBadRequest, 400005, "ArgumentNull", "BadRequest", "the body is empty"}
}

// APIVersion is for an api-version that is missing or unknown.
func APIVersion(version string) error {
	return &Error{http.StatusBadRequest, 400001, "InvalidProtocolVersion", "BadRequest", fmt.Sprintf("api-version %q is missing or unknown", version)}
}

// DeviceNotFound says that there is no such device.
func DeviceNotFound(deviceID string) error {
	return &Error{http.StatusNotFound, 404001, "DeviceNotFound", deviceID, fmt.Sprintf("there is no device %q", deviceID)}
}

// ModuleNotFound says that the device exists but has no such module.
func ModuleNotFound(deviceID, moduleID string) error {
	return &Error{http.StatusNotFound, 404010, "ModuleNotFound", deviceID + "/" + moduleID, fmt.Sprintf("there is no module %q on device %q", moduleID, deviceID)}
}

// DeviceExists says that a device that is to be created already exists.
func DeviceExists(deviceID string) error {
	return &Error{http.StatusConflict, 409001, "DeviceAlreadyExists", fmt.Sprintf("A device with ID '%s' is already registered.", deviceID), ""}
}

// ModuleExists is DeviceExists for a module.
func ModuleExists(deviceID, moduleID string) error {
	return &Error{http.StatusConflict, 409301, "ModuleAlreadyExistsOnDevice", fmt.Sprintf("A module with ID '%s' is already registered on device '%s'.", moduleID, deviceID), ""}
}

// TooManyModules says that a device already has as many modules as it may have.
func TooManyModules(deviceID string, limit int) error {
	return &Error{http.StatusRequestEntityTooLarge, 413003, "TooManyModulesOnDevice", fmt.Sprintf("Device '%s' already has %d modules.", deviceID, limit), ""}
}

// PreconditionFailed says that an ETag or a version is not the current one.
func PreconditionFailed(message string) error {
	return &Error{http.StatusPreconditionFailed, 412001, "PreconditionFailed", message, ""}
}

// TooLarge says that a section of a twin exceeds its limit in bytes.
func TooLarge(section string, limit int) error {
	return &Error{http.StatusForbidden, 403100, "DeviceModelMaxPropertiesExceeded", fmt.Sprintf("'%s' size should be less than %d bytes.", section, limit), ""}
}

// Injected is a refusal that was injected as a fault.
func Injected(status int) error { return WithStatus(status, "the hub was told to refuse it") }

// WithStatus is for refusals that have no function of their own here, such as
// that of a path that does not exist.
func WithStatus(status int, reason string) error {
	e := &Error{Status: status, Number: status * 1000, Reason: reason}
	switch status {
	case http.StatusUnauthorized:
		return Unauthorized(errors.New(reason))
	case http.StatusTooManyRequests:
		e.Number, e.Code = 429003, "ThrottlingBacklogTimeout"
		e.Message = "The request has been throttled. Wait 10 seconds and try again. Operation type: CRUD"
	case http.StatusInternalServerError:
		return From(errors.New(reason))
	case http.StatusServiceUnavailable:
		e.Number, e.Code, e.Message = 503001, "ServiceUnavailable", "ServiceUnavailable"
	default:
		e.Message = strings.ReplaceAll(http.StatusText(status), " ", "")
		e.Code = "Generic" + e.Message
	}
	return e
}
