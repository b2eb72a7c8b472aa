package errorbody_test

import (
	"strings"
	"testing"
	"unicode"

	"moduletwin/pkg/internal/errorbody"
)

func TestParse(t *testing.T) {
	const tracking = "1bc3f0e5a6b74b7d9e0f1a2b3c4d5e6f-G:20-TimeStamp:02/05/2021 10:03:38"
	tests := []struct {
		name, body string
		want       errorbody.Fields
	}{
		{"registry and twins", `{"Message":"ErrorCode:DeviceNotFound;d","ExceptionMessage":"Tracking ID:` + tracking + `"}`,
			errorbody.Fields{Code: "DeviceNotFound", Message: "d", TrackingID: tracking}},
		{"semicolons in the message", `{"Message":"ErrorCode:ArgumentInvalid;a;b"}`, errorbody.Fields{Code: "ArgumentInvalid", Message: "a;b"}},
		{"no message", `{"Message":"ErrorCode:ServerError"}`, errorbody.Fields{Code: "ServerError"}},
		{"no code", `{"Message":"An error has occurred.","ExceptionMessage":"x"}`, errorbody.Fields{Message: "An error has occurred."}},
		{"JSON in a string", `{"Message":"{\"errorCode\":404103,\"trackingId\":\"` + tracking + `\",\"message\":\"m\",\"info\":{},\"timestampUtc\":\"2021-02-05T10:03:38Z\"}","ExceptionMessage":""}`,
			errorbody.Fields{Code: "DeviceNotOnline", Message: "m", TrackingID: tracking}},
		{"something like JSON in a string", `{"Message":"{errorCode"}`, errorbody.Fields{}},
		{"over MQTT", `{"errorCode":400004,"message":"m","trackingId":"` + tracking + `","timestampUtc":"2026-01-01T00:00:00Z","info":null}`,
			errorbody.Fields{Code: "ArgumentInvalid", Message: "m", TrackingID: tracking}},
		{"code as a string of digits", `{"errorCode":"400004","message":"m"}`, errorbody.Fields{Code: "ArgumentInvalid", Message: "m"}},
		{"a number without a name stays", `{"errorCode":499999,"message":"m"}`, errorbody.Fields{Code: "499999", Message: "m"}},
		{"code 0 is none", `{"errorCode":0,"message":"m"}`, errorbody.Fields{Message: "m"}},
		{"a code with a fraction is none", `{"errorCode":1.5,"message":"m"}`, errorbody.Fields{Message: "m"}},
		{"message of several lines", `{"message":"a\r\nb\u0000\u001b[31mc"}`, errorbody.Fields{Message: `a b\x00\x1b[31mc`}},
		{"a code with characters that a terminal interprets", `{"Message":"ErrorCode:\u001b[2J;m"}`, errorbody.Fields{Code: `\x1b[2J`, Message: "m"}},
		{"a message that is too long", `{"message":"` + strings.Repeat("ä", 301) + `"}`, errorbody.Fields{Message: strings.Repeat("ä", 300) + "…"}},
		{"empty", ``, errorbody.Fields{}},
		{"null", `null`, errorbody.Fields{}},
		{"a list", `[]`, errorbody.Fields{}},
		{"a page", `<html>`, errorbody.Fields{}},
		{"an error of another service", `{"error":{"code":"x"}}`, errorbody.Fields{}},
		{"fields of other types", `{"Message":{"a":1}}`, errorbody.Fields{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := errorbody.Parse([]byte(test.body)); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// FuzzParse checks that whatever a server says fits into one line of an error.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"Message":"ErrorCode:DeviceNotFound;d","ExceptionMessage":"Tracking ID:x"}`))
	f.Add([]byte(`{"Message":"{\"errorCode\":404103,\"message\":\"a\nb\"}","ExceptionMessage":""}`))
	f.Add([]byte(`{"errorCode":1e3,"message":"` + "\xff" + `"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got := errorbody.Parse(body)
		for _, field := range []string{got.Code, got.Message, got.TrackingID} {
			if len([]rune(field)) > 300*10+1 || strings.ContainsFunc(field, unicode.IsControl) {
				t.Errorf("%q is too long for a line, or has control characters", field)
			}
		}
	})
}
