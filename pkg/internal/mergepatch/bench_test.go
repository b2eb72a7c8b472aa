package mergepatch_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"moduletwin/pkg/internal/mergepatch"
)

// The cost of a change grows with what it touches and, for Merge, with the
// number of names next to that, which are copied. The floor is decoding the
// same object from JSON, which happens to every notification anyway.
func BenchmarkMergeDiff(b *testing.B) {
	for _, keys := range []int{1, 32, 512} {
		before, after, text := example(b, keys)
		b.Run(fmt.Sprintf("Merge/keys=%d", keys), func(b *testing.B) {
			patch := map[string]any{"p0": 1.0}
			b.ReportAllocs()
			for b.Loop() {
				mergepatch.Merge(before, patch)
			}
		})
		b.Run(fmt.Sprintf("Diff/keys=%d", keys), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				mergepatch.Diff(before, after)
			}
		})
		b.Run(fmt.Sprintf("floor/keys=%d", keys), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var decoded map[string]any
				if err := json.Unmarshal(text, &decoded); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// example returns an object with some nesting, a copy with one change, and the
// JSON of the first.
func example(b *testing.B, keys int) (before, after map[string]any, text []byte) {
	b.Helper()
	before = make(map[string]any, keys)
	for i := range keys {
		before[fmt.Sprint("p", i)] = map[string]any{"unit": "Celsius", "value": float64(i)}
	}
	after = mergepatch.Merge(before, map[string]any{"p0": map[string]any{"value": -1.0}})
	text, err := json.Marshal(before)
	if err != nil {
		b.Fatal(err)
	}
	return before, after, text
}
