// Package errorbody reads the bodies of the errors of IoT Hub.
package errorbody

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"moduletwin/pkg/internal/printable"
)

// Fields is what a body says; what it does not say is "".
type Fields struct {
	Code       string // a name such as "ModuleNotFound"; a number that has none that is known, as text
	Message    string // one line
	TrackingID string
}

// Parse reads the three forms that are in use:
//
//	{"Message":"ErrorCode:DeviceNotFound;d","ExceptionMessage":"Tracking ID:…"}
//	{"Message":"{\"errorCode\":404103,\"message\":\"…\",\"trackingId\":\"…\"}","ExceptionMessage":""}
//	{"errorCode":400004,"message":"…","trackingId":"…"}
//
// Anything else, such as a proxy's page, has no fields.
func Parse(body []byte) Fields {
	var outer struct{ Message, ExceptionMessage string }
	if json.Unmarshal(body, &outer) != nil {
		return Fields{}
	}
	if outer.ExceptionMessage == "" && strings.HasPrefix(outer.Message, "{") {
		return numbered([]byte(outer.Message))
	}
	if rest, found := strings.CutPrefix(outer.Message, "ErrorCode:"); found {
		code, message, _ := strings.Cut(rest, ";")
		return Fields{Code: Line(code), Message: Line(message), TrackingID: Line(strings.TrimPrefix(outer.ExceptionMessage, "Tracking ID:"))}
	}
	return numbered(body)
}

// numbered reads the form whose code is a number. Names match without regard
// to case, so Message of the other forms lands here, too.
func numbered(body []byte) Fields {
	var inner struct {
		ErrorCode           json.Number
		Message, TrackingID string
	}
	if json.Unmarshal(body, &inner) != nil {
		return Fields{}
	}
	code := ""
	if number, err := strconv.Atoi(inner.ErrorCode.String()); err == nil && number != 0 {
		code = cmp.Or(names[number], strconv.Itoa(number))
	}
	return Fields{Code: code, Message: Line(inner.Message), TrackingID: Line(inner.TrackingID)}
}

// Line makes of what a hub says, in whatever part of a response, one line of
// a bearable length.
func Line(text string) string { return printable.Line(text, 300) }
