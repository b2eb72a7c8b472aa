// Package printable makes text from outside safe to show: some characters
// control the terminal, and others make a line look different from what it is.
package printable

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Line returns text as one line of at most limit characters, followed by "…" if
// something was cut off. White space of any kind becomes one space; unsafe
// characters are escaped as in Go, such as \x1b or \u202e.
func Line(text string, limit int) string {
	if len(text) <= limit && isPlain(text) { // the usual case, which is cheap to detect
		return text
	}
	var b strings.Builder
	count, space := 0, false
	for _, r := range text { // invalid UTF-8 becomes U+FFFD
		if unicode.IsSpace(r) {
			space = count > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			count, space = count+1, false
		}
		if count >= limit {
			return strings.TrimSuffix(b.String(), " ") + "…"
		}
		if isUnsafe(r) {
			escape := fmt.Sprintf("%+q", r)
			b.WriteString(escape[1 : len(escape)-1]) // without its quotes
		} else {
			b.WriteRune(r)
		}
		count++
	}
	return b.String()
}

// isPlain reports whether text is a line of ASCII that can be shown as it is.
func isPlain(text string) bool {
	afterSpace := true // a space at the beginning is not plain
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c > '~' || c == ' ' && afterSpace {
			return false
		}
		afterSpace = c == ' '
	}
	return !afterSpace
}

// JSON returns a JSON text that means the same as text but has no unsafe
// characters. Those can occur only in strings, where they can be escaped.
func JSON(text []byte) []byte {
	var safe []byte // nil as long as it would be the same as text
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r >= 0x7f && isUnsafe(r): // lower ones are already escaped, or are line breaks between values
			if safe == nil {
				safe = append(make([]byte, 0, len(text)+16), text[:i]...)
			}
			safe = appendEscape(safe, r)
		case safe != nil:
			safe = append(safe, text[i:i+size]...)
		}
		i += size
	}
	if safe == nil {
		return text
	}
	return safe
}

// appendEscape appends r as JSON escapes: one UTF-16 unit or, beyond U+FFFF,
// two.
func appendEscape(b []byte, r rune) []byte {
	for _, unit := range utf16.AppendRune(nil, r) {
		b = fmt.Appendf(b, `\u%04x`, unit)
	}
	return b
}

// isUnsafe reports whether r is a control character, a line break or an
// invisible character, such as those that change the direction of text. The
// zero-width joiner and non-joiner are safe: some scripts and emoji need them.
func isUnsafe(r rune) bool {
	switch r {
	case '\u200c', '\u200d':
		return false
	case '\u2028', '\u2029':
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}
