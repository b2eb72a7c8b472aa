package localhub_test

import (
	"strings"
	"testing"

	"moduletwin/pkg/localhub"
)

// TestTooLarge fills every part of a twin with what counts little or nothing by
// IoT Hub's documentation: the hub refuses it, and the twin stays the same.
func TestTooLarge(t *testing.T) {
	hub := localhub.New(t)
	c, _ := signIn(t, hub, hub.AddModule("d", "m"))
	c.subscribe(responses)
	r := newREST(t, hub)
	const path = "/twins/d/modules/m"
	r.must(200, "PATCH", path, `{"tags":{"a":1},"properties":{"desired":{"b":2}}}`)
	c.request("$iothub/twin/PATCH/properties/reported/?$rid=1", `{"c":3}`)
	before := r.must(200, "GET", path, "").body
	for kind, value := range map[string]string{
		"strings":            ofSize(32 << 10),
		"empty strings":      "[" + strings.Repeat(`"",`, 33_000) + `""]`,
		"empty objects":      "[" + strings.Repeat(`{},`, 33_000) + `{}]`,
		"empty arrays":       "[" + strings.Repeat(`[],`, 33_000) + `[]]`,
		"a long number":      "1." + strings.Repeat("1", 33_000),
		"empty names":        "[" + strings.Repeat(`{"":{"":{"":{"":{}}}}},`, 12_000) + `{}]`,
		"control characters": "[" + strings.Repeat(`"`+strings.Repeat(`\n`, 4096)+`",`, 33) + `""]`,
	} {
		object := `{"x":` + value + `}`
		for _, change := range []struct{ method, body, part string }{
			{"PATCH", `{"tags":` + object + `}`, "Tags"},
			{"PATCH", `{"properties":{"desired":` + object + `}}`, "Properties.Desired"},
			{"PUT", `{"tags":` + object + `}`, "Tags"},
			{"PUT", `{"properties":{"desired":` + object + `}}`, "Properties.Desired"},
		} {
			got := r.must(403, change.method, path, change.body)
			contains(t, kind, got.body, "ErrorCode:DeviceModelMaxPropertiesExceeded;'"+change.part+"' size should be less than ")
		}
		if len(object) > 250<<10 {
			continue // more than an MQTT message can hold
		}
		topic, body := c.request("$iothub/twin/PATCH/properties/reported/?$rid=1", object)
		if topic != "$iothub/twin/res/403/?$rid=1" {
			t.Errorf("a report of %s is answered on %s", kind, topic)
		}
		contains(t, kind, body, `"errorCode":403100`, "'Properties.Reported' size should be less than ")
		if after := r.must(200, "GET", path, "").body; withoutActivity(after) != withoutActivity(before) {
			t.Errorf("after %s the twin is %.1000s, before it was %.1000s", kind, after, before)
		}
	}
}

// withoutActivity removes the time of the last activity.
func withoutActivity(twin string) string {
	before, rest, _ := strings.Cut(twin, `"lastActivityTime":"`)
	_, after, _ := strings.Cut(rest, `"`)
	return before + after
}
