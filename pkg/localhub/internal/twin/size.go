package twin

import (
	"encoding/json"
	"unicode"
	"unicode/utf8"

	"moduletwin/pkg/localhub/internal/huberror"
)

// What a part of a twin counts for, see size, must be less than these bytes.
const (
	maxTagsSize       = 8 << 10
	maxPropertiesSize = 32 << 10
)

// maxLengthRatio bounds how long the JSON of a part may be, as a multiple of
// what it may count for. By IoT Hub's own rules, nothing but control characters
// and empty names makes it longer: the worst is an empty string or object under
// a name of one character that is escaped, "\"":{}, which counts 1.
const maxLengthRatio = 8

// maxNumberLength is how long a number may be that counts as 8; what programs
// write for a double is never longer.
const maxNumberLength = 24

// checkSizes reports a part that was changed since before, and is too large now.
func (t *Twin) checkSizes(before *Twin) error {
	var err error
	if t.Updates != before.Updates {
		err = checkSize("Tags", t.Tags, maxTagsSize)
	}
	if err == nil && t.Desired.Version != before.Desired.Version {
		err = checkSize("Properties.Desired", t.Desired.Properties, maxPropertiesSize)
	}
	if err == nil && t.Reported.Version != before.Reported.Version {
		err = checkSize("Properties.Reported", t.Reported.Properties, maxPropertiesSize)
	}
	return err
}

func checkSize(name string, part map[string]any, limit int) error {
	var s size
	s.add(part)
	switch {
	case s.counted >= limit:
		return huberror.TooLarge(name, limit)
	case s.length >= limit*maxLengthRatio:
		return huberror.TooLarge(name, limit*maxLengthRatio)
	}
	return nil
}

// size is what a value counts for, and how long its JSON is.
type size struct{ counted, length int }

// add counts as IoT Hub does: names and strings by their bytes without control
// characters, a number as 8, a boolean as 4, objects by what is in them. What
// its documents leave out costs something, too: an array counts as its
// elements do, each at least as 1, and a long number as its text.
func (s *size) add(value any) {
	switch value := value.(type) {
	case map[string]any:
		s.length += len("{}") + max(0, len(value)-1)
		for name, member := range value {
			s.addText(name)
			s.length += len(":")
			s.add(member)
		}
	case []any:
		s.length += len("[]") + max(0, len(value)-1)
		for _, element := range value {
			before := s.counted
			s.add(element)
			s.counted = max(s.counted, before+1)
		}
	case string:
		s.addText(value)
	case json.Number:
		s.length += len(value)
		s.counted += 8
		if len(value) > maxNumberLength {
			s.counted += len(value) - 8
		}
	case bool:
		s.length += len("true")
		s.counted += 4
		if !value {
			s.length++
		}
	case nil: // in arrays of twins that were kept by earlier versions
		s.length += len("null")
	}
}

// addText adds a name or a string.
func (s *size) addText(text string) {
	s.counted += len(text)
	s.length += len(text) + len(`""`)
	for _, r := range text {
		if ' ' <= r && r <= '~' && r != '"' && r != '\\' {
			continue // nearly all
		}
		if unicode.IsControl(r) {
			s.counted -= utf8.RuneLen(r)
		}
		s.length += escapes(r)
	}
}

// escapes returns how much longer r is in JSON.
func escapes(r rune) int {
	switch {
	case r == '"', r == '\\', r == '\b', r == '\f', r == '\n', r == '\r', r == '\t':
		return len(`\n`) - 1
	case r < ' ':
		return len(`\u0000`) - 1
	case r == '\u2028', r == '\u2029':
		return len(`\u2028`) - utf8.RuneLen(r)
	}
	return 0
}
