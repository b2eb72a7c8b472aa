package hubjson

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// textError says what is wrong with the characters of a body.
type textError struct{ what string }

func (e *textError) Error() string { return e.what }

// checkText reports text that package json would alter silently, or refuse
// without saying clearly why.
func checkText(data []byte) error {
	switch {
	case bytes.HasPrefix(data, []byte("\ufeff")):
		return &textError{"it begins with a byte order mark"}
	case !utf8.Valid(data):
		return &textError{"it is not UTF-8"}
	case hasLoneSurrogate(data):
		return &textError{"it contains one half of a surrogate pair"}
	}
	return nil
}

// hasLoneSurrogate reports whether data contains an escape such as \ud83d
// without the other half of its pair. Such an escape is not a character.
func hasLoneSurrogate(data []byte) bool {
	for len(data) > 0 {
		at := bytes.IndexByte(data, '\\')
		if at < 0 || at+1 == len(data) {
			return false
		}
		data = data[at:]
		first, size := escaped(data)
		data = data[size:]
		if !utf16.IsSurrogate(first) {
			continue
		}
		second, size := escaped(data)
		if utf16.DecodeRune(first, second) == utf8.RuneError {
			return true
		}
		data = data[size:]
	}
	return false
}

// escaped returns the character whose escape, of the form \u0041, data begins
// with, and the length of that escape. For any other escape it returns 0 and
// its length.
func escaped(data []byte) (r rune, size int) {
	const length = len(`\u0041`)
	if len(data) < length || data[0] != '\\' || data[1] != 'u' {
		return 0, min(2, len(data))
	}
	n, err := strconv.ParseUint(string(data[2:length]), 16, 16)
	if err != nil {
		return 0, 2
	}
	return rune(n), length
}
