package registry_test

import (
	"bytes"
	"testing"

	"moduletwin/pkg/localhub/internal/registry"
)

// A policy that is new to a folder gets keys; the other policies keep theirs.
func TestPolicyKeys(t *testing.T) {
	folder := t.TempDir()
	keysOf := func(names ...string) map[string][]byte {
		t.Helper()
		r, err := registry.Open(folder, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		keys, err := r.PolicyKeys(names)
		if err != nil {
			t.Fatal(err)
		}
		primary := make(map[string][]byte)
		for _, name := range names {
			if primary[name] = keys[name].PrimaryKey.Bytes(); len(primary[name]) != 32 || len(keys[name].SecondaryKey.Bytes()) != 32 {
				t.Errorf("policy %q has keys of %d and %d bytes", name, len(primary[name]), len(keys[name].SecondaryKey.Bytes()))
			}
		}
		return primary
	}
	before := keysOf("device", "service")
	after := keysOf("device", "service", "seventh")
	again := keysOf("device", "service", "seventh")
	for name, key := range before {
		if !bytes.Equal(after[name], key) {
			t.Errorf("the key of %q has changed", name)
		}
	}
	if !bytes.Equal(after["seventh"], again["seventh"]) {
		t.Error("the key of the new policy was not kept")
	}
}
