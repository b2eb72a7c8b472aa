// Package printable makes text from outside safe to show: a terminal obeys
// some characters, and others make a line look different from what it is.
package printable

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Line returns text as one line of at most limit characters and, where
// something was cut off, "…" after them. White space of any kind becomes one
// space; what is unsafe is written as in Go, such as \x1b or \u202e.
func Line(text string, limit int) string {
	if len(text) <= limit && isPlain(text) { // as nearly all is, and found out at little cost
		return text
	}
	var b strings.Builder
	count, space := 0, false
	for _, r := range text { // bytes that are no UTF-8 become U+FFFD
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

// isPlain reports whether text is a line of ASCII as it is to be shown.
func isPlain(text string) bool {
	afterSpace := true // at the beginning, there is to be none
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c > '~' || c == ' ' && afterSpace {
			return false
		}
		afterSpace = c == ' '
	}
	return !afterSpace
}

// JSON returns text, which is JSON, with the same meaning and no unsafe
// characters: those can be in its strings only, where they have an escape.
func JSON(text []byte) []byte {
	var safe []byte // nil while it would be the same as text
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r >= 0x7f && isUnsafe(r): // those below are escaped already, or are the line breaks between values
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

// appendEscape appends the escape of JSON for r: one or, beyond U+FFFF, two
// units of UTF-16.
func appendEscape(b []byte, r rune) []byte {
	for _, unit := range utf16.AppendRune(nil, r) {
		b = fmt.Appendf(b, `\u%04x`, unit)
	}
	return b
}

// isUnsafe is true of what a terminal obeys, of line breaks, and of invisible
// characters, among them those that turn the direction of text. The two that
// join or part letters stay: scripts and emoji need them.
func isUnsafe(r rune) bool {
	switch r {
	case '\u200c', '\u200d':
		return false
	case '\u2028', '\u2029':
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}
