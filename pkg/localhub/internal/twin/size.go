package twin

import (
	"encoding/json"
	"unicode"
	"unicode/utf8"

	"moduletwin/pkg/localhub/internal/huberror"
)

// The size of a part of a twin, as counted by type size, must be less than this
// many bytes.
const (
	maxTagsSize       = 8 << 10
	maxPropertiesSize = 32 << 10
)

// maxLengthRatio limits the length of the JSON of a part, as a multiple of the
// part's maximum size. By IoT Hub's own rules, only control characters and
// empty names can make the JSON longer than that: otherwise, the worst case is
// an empty string or object under a name of one character that is escaped,
// "\"":{}, which counts as 1.
const maxLengthRatio = 8

// maxNumberLength is the length up to which a number counts as 8. What programs
// write for a double is never longer.
const maxNumberLength = 24

// checkSizes reports a part that has been changed since before and is now too
// large.
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

// JSONLength returns the length of the JSON of a patch or a part of a twin, in
// bytes.
func JSONLength(object map[string]any) int {
	var s size
	s.add(object)
	return s.length
}

// size is how much a value counts for, and the length of its JSON.
type size struct{ counted, length int }

// add counts value as IoT Hub does: names and strings by their bytes without
// control characters, a number as 8, a boolean as 4, and an object as the sum
// of its members. It also counts what IoT Hub's documentation leaves out: an
// array as the sum of its elements, each of them at least 1, and a long number
// as its length.
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
	case nil: // in patches, and in arrays of twins that earlier versions stored
		s.length += len("null")
	}
}

// addText adds a name or a string.
func (s *size) addText(text string) {
	s.counted += len(text)
	s.length += len(text) + len(`""`)
	for _, r := range text {
		if ' ' <= r && r <= '~' && r != '"' && r != '\\' {
			continue // nearly all characters
		}
		if unicode.IsControl(r) {
			s.counted -= utf8.RuneLen(r)
		}
		s.length += escapes(r)
	}
}

// escapes returns how many bytes longer r is in JSON.
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
