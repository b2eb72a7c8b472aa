package twin

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"moduletwin/pkg/localhub/internal/hubjson"
)

// FuzzTwin applies arbitrary patches and checks the twin's metadata and
// encodings.
func FuzzTwin(f *testing.F) {
	f.Add(`{"a":{"b":1}}`, `{"a":{"b":null,"c":[1]}}`)
	f.Add(`{"a":1}`, `{"a":{"b":{"c":null}}}`)
	f.Add("{\"a\":\"\\\"\\\\\\b\\f\\n\\u0001\u007f\u0085\u2028<&ä\"}", `{"b":[true,-1.50e2,[],{},[{"c":"d"}]],"":{}}`)
	f.Fuzz(func(t *testing.T, first, second string) {
		twin := New(time.Time{})
		for _, text := range []string{first, second} {
			patch, err := DecodeProperties([]byte(text))
			if err != nil {
				return
			}
			if twin, err = twin.Patched(Update{Desired: patch, HasDesired: true}, time.Now()); err != nil {
				return
			}
			sameShape(t, twin.Desired.Properties, twin.Desired.Metadata)
		}
		text := EncodeSection(twin.Desired.Properties, twin.Desired.Metadata, twin.Desired.Version)
		if !json.Valid(text) {
			t.Fatalf("%s is not JSON", text)
		}
		sameEncoding(t, twin.Desired.Properties)
		var again Twin
		if err := hubjson.Decode(twin.Encode(), &again); err != nil || string(again.Encode()) != string(twin.Encode()) {
			t.Fatalf("%s is decoded as %s: %v", twin.Encode(), again.Encode(), err)
		}
	})
}

// sameEncoding checks that properties are encoded as package encoding/json does
// it.
func sameEncoding(t *testing.T, properties map[string]any) {
	got, want := appendValue(nil, properties), hubjson.Encode(properties)
	if !bytes.Equal(got, want) {
		t.Fatalf("%s is encoded as %s", want, got)
	}
	var s size
	if s.add(properties); s.length != len(want) {
		t.Fatalf("the length of %s is given as %d bytes", want, s.length)
	}
}

// sameShape checks that metadata has the structure of the properties that it
// describes.
func sameShape(t *testing.T, properties map[string]any, m *Metadata) {
	if len(properties) != len(m.children) {
		t.Fatalf("%d properties have metadata of %d", len(properties), len(m.children))
	}
	for i, child := range m.children {
		value, exists := properties[child.name]
		if !exists || i > 0 && m.children[i-1].name >= child.name {
			t.Fatalf("the metadata of %q is out of place", child.name)
		}
		object, _ := value.(map[string]any)
		sameShape(t, object, child.metadata)
	}
}
