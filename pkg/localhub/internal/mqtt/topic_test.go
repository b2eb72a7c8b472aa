package mqtt

import (
	"testing"

	"moduletwin/pkg/localhub/internal/registry"
)

// Ids may be escaped in topics or not. A device may use no other topics than
// its own.
func TestOwnTopics(t *testing.T) {
	device, module := registry.ID{Device: "n@m.et"}, registry.ID{Device: "n@m.et", Module: "a%b"}
	for _, row := range []struct {
		id                registry.ID
		topic             string
		filter, telemetry bool
	}{
		{device, "devices/n@m.et/messages/events/a=b", false, true},
		{device, "devices/n%40m.et/messages/events/", false, true},
		{device, "devices/n%40m.et/messages/devicebound/#", true, false},
		{device, "devices/n@m.et/#", false, false},
		{module, "devices/n%40m.et/modules/a%25b/messages/events/", false, true},
		{module, "devices/n@m.et/modules/a%b/inputs/#", true, false},
		{module, "devices/n%40m.et/modules/a%25b/#", true, false},
		{module, "devices/n@m.et/messages/events/", false, false},
		{device, "/devices/n@m.et/messages/events/", false, false},
		{device, "devices/n@m.et", false, false},
		{device, "devices/n@m.et/messages/eventsx", false, false},
		{device, "devices", false, false},
		{device, "", false, false},
	} {
		if got := isFilter(row.id, row.topic); got != row.filter {
			t.Errorf("%s: %q is a filter: %v, want %v", row.id, row.topic, got, row.filter)
		}
		if got := isTelemetry(row.id, row.topic); got != row.telemetry {
			t.Errorf("%s: %q is telemetry: %v, want %v", row.id, row.topic, got, row.telemetry)
		}
	}
}
