package twin

import (
	"fmt"
	"testing"
	"time"

	"moduletwin/pkg/localhub/internal/hubjson"
)

// BenchmarkReport merges a small report into properties of several shapes, and
// encodes and decodes the twin as it is saved.
func BenchmarkReport(b *testing.B) {
	for _, shape := range []struct {
		name    string
		members int
		value   any
	}{
		{"empty", 0, nil},
		{"10 numbers", 10, "x"},
		{"1000 strings", 1000, "twenty-two bytes of it"},
		{"10800 empty objects", 10800, map[string]any{}},
	} {
		b.Run(shape.name, func(b *testing.B) {
			full := make(map[string]any)
			for i := range shape.members {
				full[fmt.Sprintf("%c%c%c", 'a'+i/900, 'A'+i/30%30, 'A'+i%30)] = shape.value
			}
			before, err := New(time.Time{}).WithReport(full, time.Now())
			if err != nil {
				b.Fatal(err)
			}
			small := map[string]any{"x": true}
			b.Run("merge", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := before.WithReport(small, time.Now()); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("encode", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					before.Encode()
				}
			})
			b.Run("decode", func(b *testing.B) {
				text := before.Encode()
				b.ReportAllocs()
				for b.Loop() {
					var again Twin
					if err := hubjson.Decode(text, &again); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
