package localhub

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
)

// refusal is the hub's no. Over HTTPS it is told by status and name, over
// MQTT by status and number; see
// https://learn.microsoft.com/azure/iot-hub/troubleshoot-error-codes.
type refusal struct {
	status int
	number int    // 404010
	name   string // "ModuleNotFound"
	text   string // what the client is told
	reason string // what only the log is told; "" if that is text
}

// Error returns what the log is told.
func (r *refusal) Error() string {
	if r.reason != "" {
		return r.reason
	}
	return r.text
}

func refuseUnauthorized(reason error) *refusal {
	return &refusal{status: http.StatusUnauthorized, number: 401002, name: "IotHubUnauthorizedAccess", text: "Unauthorized", reason: reason.Error()}
}

func refuseArgument(format string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, number: 400004, name: "ArgumentInvalid", text: fmt.Sprintf(format, args...)}
}

func refuseNoBody() *refusal {
	return &refusal{status: http.StatusBadRequest, number: 400005, name: "ArgumentNull", text: "BadRequest", reason: "the body is empty"}
}

func refuseVersion(version string) *refusal {
	return &refusal{status: http.StatusBadRequest, number: 400001, name: "InvalidProtocolVersion", text: "BadRequest", reason: fmt.Sprintf("api-version %q is missing or unknown", version)}
}

// refuseMissing says that there is no such device or module. For a module, the
// device exists.
func refuseMissing(k key) *refusal {
	if k.module == "" {
		return &refusal{status: http.StatusNotFound, number: 404001, name: "DeviceNotFound", text: k.device, reason: "there is no " + k.String()}
	}
	return &refusal{status: http.StatusNotFound, number: 404010, name: "ModuleNotFound", text: k.device + "/" + k.module, reason: "there is no " + k.String()}
}

func refuseExisting(k key) *refusal {
	if k.module == "" {
		return &refusal{status: http.StatusConflict, number: 409001, name: "DeviceAlreadyExists", text: fmt.Sprintf("A device with ID '%s' is already registered.", k.device)}
	}
	return &refusal{status: http.StatusConflict, number: 409301, name: "ModuleAlreadyExistsOnDevice", text: fmt.Sprintf("A module with ID '%s' is already registered on device '%s'.", k.module, k.device)}
}

func refuseTooManyModules(k key) *refusal {
	return &refusal{status: http.StatusRequestEntityTooLarge, number: 413003, name: "TooManyModulesOnDevice", text: fmt.Sprintf("Device '%s' already has %d modules.", k.device, maxModules)}
}

func refusePrecondition(text string) *refusal {
	return &refusal{status: http.StatusPreconditionFailed, number: 412001, name: "PreconditionFailed", text: text}
}

func refuseSize(section string, limit int) *refusal {
	return &refusal{status: http.StatusForbidden, number: 403100, name: "DeviceModelMaxPropertiesExceeded", text: fmt.Sprintf("'%s' size should be less than %d bytes.", section, limit)}
}

// refuseServer is for a failure of the hub itself.
func refuseServer(err error) *refusal {
	return &refusal{status: http.StatusInternalServerError, number: 500001, name: "ServerError", text: "InternalServerError", reason: err.Error()}
}

// refuseStatus is a refusal that has no cause but a fault that was asked for.
func refuseStatus(status int) *refusal {
	r := &refusal{status: status, number: status * 1000, reason: "a fault was asked for"}
	switch status {
	case http.StatusUnauthorized:
		return refuseUnauthorized(r)
	case http.StatusTooManyRequests:
		r.number, r.name = 429003, "ThrottlingBacklogTimeout"
		r.text = "The request has been throttled. Wait 10 seconds and try again. Operation type: CRUD"
	case http.StatusInternalServerError:
		return refuseServer(r)
	case http.StatusServiceUnavailable:
		r.number, r.name, r.text = 503001, "ServiceUnavailable", "ServiceUnavailable"
	default:
		r.text = strings.ReplaceAll(http.StatusText(status), " ", "")
		r.name = "Generic" + r.text
	}
	return r
}

// body returns the form of a refusal over HTTPS:
//
//	{"Message":"ErrorCode:DeviceNotFound;d","ExceptionMessage":"Tracking ID:…"}
func (r *refusal) body(request uuid.UUID) []byte {
	return encode(struct{ Message, ExceptionMessage string }{
		Message:          "ErrorCode:" + r.name + ";" + r.text,
		ExceptionMessage: "Tracking ID:" + trackingID(request),
	})
}

// object returns the form of a refusal over MQTT. Official SDKs recognise a
// failure by its errorCode alone.
func (r *refusal) object() []byte {
	return encode(struct {
		ErrorCode    int             `json:"errorCode"`
		TrackingID   string          `json:"trackingId"`
		Message      string          `json:"message"`
		Info         json.RawMessage `json:"info"`
		TimestampUTC string          `json:"timestampUtc"`
	}{r.number, trackingID(uuid.New()), r.text, json.RawMessage("{}"), formatTime(time.Now())})
}

// trackingID is what Azure asks for in support requests, in its shape.
func trackingID(request uuid.UUID) string {
	return strings.ToUpper(strings.ReplaceAll(request.String(), "-", "")) + "-G:0-TimeStamp:" + time.Now().UTC().Format("01/02/2006 15:04:05")
}

// refuseStatusAs is for what Azure's tables have no entry for.
func refuseStatusAs(status int, reason string) *refusal {
	r := refuseStatus(status)
	r.reason = reason
	return r
}
