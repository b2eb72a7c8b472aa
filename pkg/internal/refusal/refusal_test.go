package refusal_test

import (
	"strings"
	"testing"
	"unicode"

	"moduletwin/pkg/internal/refusal"
)

func TestParse(t *testing.T) {
	const tracking = "1bc3f0e5a6b74b7d9e0f1a2b3c4d5e6f-G:20-TimeStamp:02/05/2021 10:03:38"
	tests := []struct {
		name, body string
		want       refusal.Refusal
	}{
		{"registry and twins", `{"Message":"ErrorCode:DeviceNotFound;d","ExceptionMessage":"Tracking ID:` + tracking + `"}`,
			refusal.Refusal{Code: "DeviceNotFound", Message: "d", TrackingID: tracking}},
		{"semicolons in the words", `{"Message":"ErrorCode:ArgumentInvalid;a;b"}`, refusal.Refusal{Code: "ArgumentInvalid", Message: "a;b"}},
		{"no words", `{"Message":"ErrorCode:ServerError"}`, refusal.Refusal{Code: "ServerError"}},
		{"no code", `{"Message":"An error has occurred.","ExceptionMessage":"x"}`, refusal.Refusal{Message: "An error has occurred."}},
		{"JSON in a string", `{"Message":"{\"errorCode\":404103,\"trackingId\":\"` + tracking + `\",\"message\":\"m\",\"info\":{},\"timestampUtc\":\"2021-02-05T10:03:38Z\"}","ExceptionMessage":""}`,
			refusal.Refusal{Code: "404103", Message: "m", TrackingID: tracking}},
		{"something like JSON in a string", `{"Message":"{errorCode"}`, refusal.Refusal{}},
		{"over MQTT", `{"errorCode":400004,"message":"m","trackingId":"` + tracking + `","timestampUtc":"2026-01-01T00:00:00Z","info":null}`,
			refusal.Refusal{Code: "400004", Message: "m", TrackingID: tracking}},
		{"code as a string of digits", `{"errorCode":"400004","message":"m"}`, refusal.Refusal{Code: "400004", Message: "m"}},
		{"code 0 is none", `{"errorCode":0,"message":"m"}`, refusal.Refusal{Message: "m"}},
		{"code with a fraction is none", `{"errorCode":1.5,"message":"m"}`, refusal.Refusal{Message: "m"}},
		{"words over several lines", `{"message":"a\r\nb\u0000\u001b[31mc"}`, refusal.Refusal{Message: "a b [31mc"}},
		{"words that are too long", `{"message":"` + strings.Repeat("ä", 301) + `"}`, refusal.Refusal{Message: strings.Repeat("ä", 300) + "…"}},
		{"empty", ``, refusal.Refusal{}},
		{"null", `null`, refusal.Refusal{}},
		{"a list", `[]`, refusal.Refusal{}},
		{"a page", `<html>`, refusal.Refusal{}},
		{"another service's", `{"error":{"code":"x"}}`, refusal.Refusal{}},
		{"fields of other kinds", `{"Message":{"a":1}}`, refusal.Refusal{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := refusal.Parse([]byte(test.body)); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// FuzzParse: whatever a server says fits into one line of an error.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"Message":"ErrorCode:DeviceNotFound;d","ExceptionMessage":"Tracking ID:x"}`))
	f.Add([]byte(`{"Message":"{\"errorCode\":404103,\"message\":\"a\nb\"}","ExceptionMessage":""}`))
	f.Add([]byte(`{"errorCode":1e3,"message":"` + "\xff" + `"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got := refusal.Parse(body)
		for _, field := range []string{got.Code, got.Message, got.TrackingID} {
			if len([]rune(field)) > 301 || strings.ContainsFunc(field, unicode.IsControl) {
				t.Errorf("%q is too long for a line, or has control characters", field)
			}
		}
	})
}
