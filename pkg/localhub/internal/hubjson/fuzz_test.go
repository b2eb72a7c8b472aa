package hubjson

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzDecode checks that no character of a string is replaced: package json
// replaces what it cannot read with U+FFFD.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`"\ud83d\ude00 \u00e9 \\ud83d"`))
	f.Add([]byte(`"\ud83d\\ud83d"`))
	f.Add([]byte(`"\udbff\udfff\ud800"`))
	f.Add([]byte("\"\xff\""))
	f.Fuzz(func(t *testing.T, data []byte) {
		var got, plain string
		if json.Unmarshal(data, &plain) != nil {
			if Decode(data, &got) == nil {
				t.Fatalf("%q was accepted, but is not JSON", data)
			}
			return
		}
		written := strings.ContainsRune(string(data), '\ufffd') || strings.Contains(strings.ToLower(string(data)), `\ufffd`)
		altered := strings.ContainsRune(plain, '\ufffd')
		switch err := Decode(data, &got); {
		case err == nil && altered && !written:
			t.Fatalf("%q became %q", data, got)
		case err != nil && !altered:
			t.Fatalf("%q was refused: %v", data, err)
		}
	})
}
