// Package errorbody reads the bodies with which IoT Hub says no.
package errorbody

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
)

// Fields is what a body tells; fields it does not tell are "".
type Fields struct {
	Code       string // "ModuleNotFound"; over MQTT a number such as "400004"
	Message    string // one line
	TrackingID string
}

// Parse reads the three forms that are in use:
//
//	{"Message":"ErrorCode:DeviceNotFound;d","ExceptionMessage":"Tracking ID:…"}
//	{"Message":"{\"errorCode\":404103,\"message\":\"…\",\"trackingId\":\"…\"}","ExceptionMessage":""}
//	{"errorCode":400004,"message":"…","trackingId":"…"}
//
// Of anything else, such as a proxy's page, it tells nothing.
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
		return Fields{Code: oneLine(code), Message: oneLine(message), TrackingID: trackingID(outer.ExceptionMessage)}
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
		code = strconv.Itoa(number)
	}
	return Fields{Code: code, Message: oneLine(inner.Message), TrackingID: oneLine(inner.TrackingID)}
}

func trackingID(text string) string {
	return oneLine(strings.TrimPrefix(text, "Tracking ID:"))
}

// oneLine keeps what a hub says from breaking up an error or a log, and from
// talking to the terminal.
func oneLine(text string) string {
	words := strings.FieldsFunc(strings.ToValidUTF8(text, "?"), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	text = strings.Join(words, " ")
	if runes := []rune(text); len(runes) > maxRunes {
		return string(runes[:maxRunes]) + "…"
	}
	return text
}

const maxRunes = 300
