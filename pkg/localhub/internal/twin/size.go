package twin

import (
	"encoding/json"
	"unicode"

	"moduletwin/pkg/localhub/internal/huberror"
)

// What a section counts for, see size, must be less than these bytes.
const (
	maxTagsSize       = 8 << 10
	maxPropertiesSize = 32 << 10
)

// checkSizes reports a section that has grown too large.
func (t *Twin) checkSizes() error {
	switch {
	case size(t.Tags) >= maxTagsSize:
		return huberror.TooLarge("Tags", maxTagsSize)
	case size(t.Desired.Properties) >= maxPropertiesSize:
		return huberror.TooLarge("Properties.Desired", maxPropertiesSize)
	case size(t.Reported.Properties) >= maxPropertiesSize:
		return huberror.TooLarge("Properties.Reported", maxPropertiesSize)
	}
	return nil
}

// size counts as IoT Hub does: names and strings by their bytes without
// control characters, a number as 8, a boolean as 4, objects by what is in
// them. Arrays, which its documents leave out, are counted like objects, and
// a null in one as nothing.
func size(value any) int {
	total := 0
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			total += len(name) + size(member)
		}
	case []any:
		for _, element := range value {
			total += size(element)
		}
	case string:
		for _, r := range value {
			if !unicode.IsControl(r) {
				total += len(string(r))
			}
		}
	case json.Number:
		total = 8
	case bool:
		total = 4
	}
	return total
}
