package twin

import (
	"encoding/json"
	"testing"
	"time"
)

// FuzzTwin applies any patches and compares with the rules.
func FuzzTwin(f *testing.F) {
	f.Add(`{"a":{"b":1}}`, `{"a":{"b":null,"c":[1]}}`)
	f.Add(`{"a":1}`, `{"a":{"b":{"c":null}}}`)
	f.Fuzz(func(t *testing.T, first, second string) {
		twin := New(time.Time{})
		for _, text := range []string{first, second} {
			patch, err := DecodeProperties([]byte(text), true)
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
			t.Fatalf("%s is no JSON", text)
		}
		var again Twin
		if kept, err := json.Marshal(twin); err != nil || json.Unmarshal(kept, &again) != nil {
			t.Fatalf("%s cannot be kept: %v", kept, err)
		}
	})
}

// sameShape checks that metadata mirrors what it describes.
func sameShape(t *testing.T, properties map[string]any, m *Metadata) {
	if len(properties) != len(m.children) {
		t.Fatalf("%d properties have metadata of %d", len(properties), len(m.children))
	}
	for name, value := range properties {
		child := m.children[name]
		if child == nil {
			t.Fatalf("%q has no metadata", name)
		}
		object, _ := value.(map[string]any)
		sameShape(t, object, child)
	}
}
