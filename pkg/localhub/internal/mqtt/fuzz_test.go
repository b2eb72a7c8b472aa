package mqtt

import (
	"bytes"
	"strings"
	"testing"

	"moduletwin/pkg/localhub/internal/registry"
)

// FuzzPacket checks that arbitrary bytes are either refused or read as packets
// that are no longer than their input.
func FuzzPacket(f *testing.F) {
	f.Add([]byte("\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04d/m1"))
	f.Add([]byte("\x32\x05\x00\x01a\x00\x01"))
	f.Add([]byte("\x82\x06\x00\x01\x00\x01#\x01"))
	f.Add([]byte("\xa2\x05\x00\x01\x00\x01#"))
	f.Add([]byte("\x30\xff\xff\xff\xff\x7f"))
	f.Add([]byte("\xc0\x00\xe0\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		for {
			before := r.Len()
			packet, err := readPacket(r, maxConnect)
			if err != nil {
				return
			}
			if again := encode(packet); len(again) > before-r.Len() {
				t.Fatalf("%d bytes were read as a packet of %d", before-r.Len(), len(again))
			}
		}
	})
}

// FuzzUsername checks that the ids read from a user name are segments of it.
func FuzzUsername(f *testing.F) {
	f.Add("localhost/d/m/?api-version=2021-04-12&DeviceClientType=x%2F1")
	f.Add("localhost/d/api-version=2016-11-14")
	f.Add("h/?x/?api-version=1")
	f.Fuzz(func(t *testing.T, name string) {
		id, err := parseUsername(name)
		if err != nil {
			return
		}
		path := "/" + id.Device
		if id.IsModule() {
			path += "/" + id.Module
		}
		if id.Device == "" || !strings.Contains(name, path+"/") {
			t.Fatalf("%q was read as %s", name, id)
		}
	})
}

// FuzzTopic checks that no topic is taken for another kind of topic.
func FuzzTopic(f *testing.F) {
	f.Add("?$rid=1&$version=3")
	f.Add("%24rid=a")
	f.Add("devices/d/modules/m/messages/events/%24.ct=a")
	f.Fuzz(func(t *testing.T, topic string) {
		if r, err := parseTwinRequest("GET", topic); err == nil && (r.id == "" || strings.ContainsAny(r.responseTopic(200, 1), "+#\x00")) {
			t.Fatalf("%q has the request id %q", topic, r.id)
		}
		id := registry.ID{Device: "d", Module: "m"}
		if isTelemetry(id, topic) && !strings.Contains(topic, "/messages/events") {
			t.Fatalf("%q is taken for telemetry", topic)
		}
		if isFilter(id, topic) && !strings.HasSuffix(topic, "/#") {
			t.Fatalf("%q is taken for a filter", topic)
		}
	})
}
