// Package errorbody parses the bodies of IoT Hub's error responses.
package errorbody

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"moduletwin/pkg/internal/printable"
)

// Fields holds what a body says, and "" for what it does not say.
type Fields struct {
	Code       string // a name such as "ModuleNotFound", or the number as text if its name is not known
	Message    string // one line
	TrackingID string
}

// Parse parses the three forms that are in use:
//
//	{"Message":"ErrorCode:DeviceNotFound;d","ExceptionMessage":"Tracking ID:…"}
//	{"Message":"{\"errorCode\":404103,\"message\":\"…\",\"trackingId\":\"…\"}","ExceptionMessage":""}
//	{"errorCode":400004,"message":"…","trackingId":"…"}
//
// For anything else, such as a proxy's error page, all fields are empty.
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

// numbered parses the form whose code is a number. Names match regardless of
// case, so that Message of the other forms is found, too.
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

// Line turns a text from any part of a hub's response into one line of limited
// length.
func Line(text string) string { return printable.Line(text, 300) }
