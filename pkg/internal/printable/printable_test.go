package printable_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"moduletwin/pkg/internal/printable"
)

func TestLine(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"plain", `404 DeviceNotFound: "d" <ü> 日本`, `404 DeviceNotFound: "d" <ü> 日本`},
		{"empty", "", ""},
		{"an escape sequence", "a\x1b[31mred\x1b]0;title\x07", `a\x1b[31mred\x1b]0;title\a`},
		{"C1 controls, which terminals interpret", "a\u009b31m\u0085b", `a\u009b31m b`},
		{"U+007F", "a\x7fb", `a\x7fb`},
		{"line breaks", "a\r\nb\n\nc\u2028d\u2029e\vf", "a b c d e f"},
		{"white space around it", "\n a \t b\u00a0", "a b"},
		{"characters that change the direction of text", "a\u202eb\u2066c\u200fd\u061ce", `a\u202eb\u2066c\u200fd\u061ce`},
		{"invisible", "a\ufeffb\u200bc\u00add\U000e0041e", `a\ufeffb\u200bc\u00add\U000e0041e`},
		{"joiners", "👩\u200d👧 می\u200cخواهم", "👩\u200d👧 می\u200cخواهم"},
		{"not UTF-8", "a\xff\xc3b", "a\ufffd\ufffdb"},
		{"as long as it may be", strings.Repeat("ä", 40), strings.Repeat("ä", 40)},
		{"longer", strings.Repeat("ä", 41), strings.Repeat("ä", 40) + "…"},
		{"as long as it may be, in ASCII", strings.Repeat("a", 40), strings.Repeat("a", 40)},
		{"longer, in ASCII", strings.Repeat("a", 41), strings.Repeat("a", 40) + "…"},
		{"spaces in ASCII", "a b", "a b"},
		{"two spaces in ASCII", "a  b", "a b"},
		{"a space before ASCII", " a", "a"},
		{"a space after ASCII", "a ", "a"},
		{"longer by a space", strings.Repeat("ä", 40) + " \n ", strings.Repeat("ä", 40)},
		{"longer by a space and more", strings.Repeat("ä", 40) + " b", strings.Repeat("ä", 40) + "…"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := printable.Line(test.text, 40); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"nothing to do", "{\n  \"a\": \"<ü>\\u001b\"\n}", "{\n  \"a\": \"<ü>\\u001b\"\n}"},
		{"a value", "[\"a\x7f\u009b\u202e\u2028\"]", `["a\u007f\u009b\u202e\u2028"]`},
		{"a name", "{\"\u202eb\":1}", `{"\u202eb":1}`},
		{"beyond U+FFFF", "\"\U000e0041\"", `"\udb40\udc41"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := string(printable.JSON([]byte(test.text))); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// FuzzLine checks that lines are safe, valid and of limited length.
func FuzzLine(f *testing.F) {
	f.Add("a\x1b[0m\u009b\u202e\n\xff")
	f.Fuzz(func(t *testing.T, text string) {
		line := printable.Line(text, 100)
		if utf8.RuneCountInString(line) > 100*len(`\U000e0041`)+1 || !utf8.ValidString(line) {
			t.Errorf("%q is too long, or not UTF-8", line)
		}
		checkSafe(t, line)
	})
}

// FuzzJSON checks that the result is safe and means the same.
func FuzzJSON(f *testing.F) {
	f.Add("a\x1b[0m\u009b\u202e\n\xff", "\U000e0041")
	f.Fuzz(func(t *testing.T, name, value string) {
		text, err := json.Marshal(map[string]string{name: value})
		if err != nil {
			t.Fatal(err)
		}
		safe := printable.JSON(text)
		checkSafe(t, string(safe))
		var before, after map[string]string
		if json.Unmarshal(text, &before) != nil || json.Unmarshal(safe, &after) != nil || !reflect.DeepEqual(before, after) {
			t.Errorf("%s became %s", text, safe)
		}
	})
}

func checkSafe(t *testing.T, text string) {
	t.Helper()
	for _, r := range text {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			t.Errorf("%U is left in %q", r, text)
		}
	}
}
