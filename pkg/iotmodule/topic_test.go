package iotmodule

import "testing"

func TestParseResponse(t *testing.T) {
	tests := []struct {
		name, topic string
		status      int
		requestID   string
		version     int64
		ok          bool
	}{
		{"twin", "$iothub/twin/res/200/?$rid=7c", 200, "7c", 0, true},
		{"reported, with the new version", "$iothub/twin/res/204/?$rid=7c&$version=6", 204, "7c", 6, true},
		{"other order", "$iothub/twin/res/204/?$version=6&$rid=7c", 204, "7c", 6, true},
		{"names escaped", "$iothub/twin/res/412/?%24rid=7%2Dc", 412, "7-c", 0, true},
		{"no question mark", "$iothub/twin/res/200/$rid=7c", 200, "7c", 0, true},
		{"no request id", "$iothub/twin/res/200/?$version=6", 200, "", 6, false},
		{"not a number", "$iothub/twin/res/OK/?$rid=7c", 0, "", 0, false},
		{"not an HTTP status", "$iothub/twin/res/7/?$rid=7c", 0, "", 0, false},
		{"a notification", "$iothub/twin/PATCH/properties/desired/?$version=6", 0, "", 0, false},
		{"empty", "", 0, "", 0, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, requestID, version, ok := parseResponse(test.topic)
			if status != test.status || requestID != test.requestID || version != test.version || ok != test.ok {
				t.Errorf("parseResponse(%q) = %d, %q, %d, %v, want %d, %q, %d, %v", test.topic,
					status, requestID, version, ok, test.status, test.requestID, test.version, test.ok)
			}
		})
	}
}

func FuzzParseResponse(f *testing.F) {
	f.Add("$iothub/twin/res/204/?$rid=7c&$version=6")
	f.Add("$iothub/twin/res/200/?%24rid=%zz&&=")
	f.Fuzz(func(t *testing.T, topic string) {
		if status, requestID, _, ok := parseResponse(topic); ok && (status < 100 || status > 599 || requestID == "") {
			t.Errorf("parseResponse(%q) = %d, %q, ok", topic, status, requestID)
		}
	})
}
