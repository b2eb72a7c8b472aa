package twin

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"moduletwin/pkg/localhub/internal/huberror"
	"moduletwin/pkg/localhub/internal/hubjson"
)

// TestSize lists the size that values count for. Nothing that could fill a
// section counts for nothing.
func TestSize(t *testing.T) {
	digits := "0." + strings.Repeat("1", 998)
	for _, row := range []struct {
		json string
		want int
	}{
		{`{}`, 0},
		{`{"abc":"defgh"}`, 8},
		{`{"ä":"€"}`, 5},
		{`{"a":"\n\u0001\u0085b"}`, 2},
		{`{"a":1}`, 9},
		{`{"a":-4503599627370496}`, 9},
		{`{"a":-2.2250738585072014e-308}`, 9},
		{`{"a":` + digits + `}`, 1001},
		{`{"a":true,"b":false}`, 10},
		{`{"a":{}}`, 1},
		{`{"a":{"b":{"c":1}}}`, 11},
		{`{"a":""}`, 1},
		{`{"":{"":""}}`, 0},
		{`{"a":[]}`, 1},
		{`{"a":[1,"bc",true]}`, 15},
		{`{"a":[null,"",[],{},"\n"]}`, 6},
		{`{"a":[[[[]]]]}`, 2},
		{`{"a":[[[],[]]]}`, 3},
		{`{"a":[{"b":""},{"c":1}]}`, 11},
	} {
		object, err := decodeObject([]byte(row.json))
		if err != nil {
			t.Fatal(err)
		}
		var s size
		if s.add(object); s.counted != row.want {
			t.Errorf("%.40s counts %d, want %d", row.json, s.counted, row.want)
		}
		if want := len(hubjson.Encode(object)); s.length != want {
			t.Errorf("%.40s is %d bytes long, want %d", row.json, s.length, want)
		}
	}
}

// TestGrowth reports the same kind of value repeatedly under new names: the hub
// refuses that well before a section is a megabyte long.
func TestGrowth(t *testing.T) {
	list := func(n int, value string) string { return "[" + strings.Repeat(value+",", n-1) + value + "]" }
	emptyNames := strings.Repeat(`{"":`, 8) + "{}" + strings.Repeat("}", 8)
	for kind, value := range map[string]string{
		"empty strings":                list(900, `""`),
		"empty objects":                list(900, `{}`),
		"empty arrays":                 list(900, `[]`),
		"arrays in arrays":             list(200, "[[[[[[[[]]]]]]]]"),
		"empty names in arrays":        list(90, emptyNames),
		"empty names":                  emptyNames,
		"control characters in arrays": list(8, `"`+strings.Repeat(`\u0001`, 4096)+`"`),
		"line breaks in arrays":        list(8, `"`+strings.Repeat(`\n`, 4096)+`"`),
		"control characters":           `"` + strings.Repeat(`\u0001`, 4096) + `"`,
		"a control character":          `"\u0001"`,
		"a long number":                "1." + strings.Repeat("1", 10_000),
		"a long zero":                  "0e" + strings.Repeat("0", 10_000),
	} {
		t.Run(kind, func(t *testing.T) {
			twin, refused := New(time.Time{}), error(nil)
			for i := 0; refused == nil && i < 200; i++ {
				var after *Twin
				if after, refused = twin.WithReport(named(t, i, value), time.Now()); refused == nil {
					twin = after
				}
			}
			if refused == nil {
				t.Fatalf("properties of %d bytes are not refused", len(hubjson.Encode(twin.Reported.Properties)))
			}
			if e := huberror.From(refused); e.Status != 403 || e.Number != 403100 {
				t.Errorf("it was refused with %d, %d", e.Status, e.Number)
			}
			if n := len(hubjson.Encode(twin.Reported.Properties)); n >= 8*maxPropertiesSize {
				t.Errorf("the properties are %d bytes long", n)
			}
		})
	}
}

// named returns an object with value under 100 names that differ for each i.
func named(t *testing.T, i int, value string) map[string]any {
	t.Helper()
	members := make([]string, 100)
	for j := range members {
		members[j] = fmt.Sprintf(`"%d-%d":%s`, i, j, value)
	}
	object, err := DecodeProperties([]byte("{" + strings.Join(members, ",") + "}"))
	if err != nil {
		t.Fatal(err)
	}
	return object
}

// TestDocumentedSize fills sections with values that, by IoT Hub's
// documentation, count for least compared to their length in JSON: all of it is
// accepted up to the limit of 32 KB.
func TestDocumentedSize(t *testing.T) {
	for kind, value := range map[string]any{
		"empty strings": "",
		"empty objects": map[string]any{},
		"numbers":       json.Number("-2.2250738585072014e-308"),
		"booleans":      false,
		"quotes":        strings.Repeat(`"`, 1000),
	} {
		t.Run(kind, func(t *testing.T) {
			patch := make(map[string]any)
			var s size
			for a := 'A'; ; a++ {
				group := make(map[string]any)
				for b := 'A'; b <= 'z'; b++ { // includes the backslash
					group[string(b)] = value
				}
				patch[string(a)+`"`] = group
				var next size
				if next.add(patch); next.counted >= maxPropertiesSize {
					delete(patch, string(a)+`"`)
					break
				}
				s = next
			}
			if _, err := New(time.Time{}).WithReport(patch, time.Now()); err != nil {
				t.Errorf("properties that count for %d and are %d bytes long are refused: %v", s.counted, s.length, err)
			}
		})
	}
}
