package localhub

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
)

// The limits of twins, as in
// https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-module-twins.
const (
	maxTagsSize       = 8 << 10  // what a section counts for must be less, see size
	maxPropertiesSize = 32 << 10 //
	maxDepth          = 10       // objects below the section
	maxArrayDepth     = 100      // arrays in arrays, so that a twin can always be read again
	maxNameLength     = 1 << 10  // bytes
	maxStringLength   = 4 << 10  // bytes
	maxInteger        = 1<<52 - 1
	minInteger        = -1 << 52
)

// checkSizes reports a section that has grown too large.
func (t *twin) checkSizes() *refusal {
	switch {
	case size(t.Tags) >= maxTagsSize:
		return refuseSize("Tags", maxTagsSize)
	case size(t.Desired.Properties) >= maxPropertiesSize:
		return refuseSize("Properties.Desired", maxPropertiesSize)
	case size(t.Reported.Properties) >= maxPropertiesSize:
		return refuseSize("Properties.Reported", maxPropertiesSize)
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

// checkProperties reports a name or a value that may not stand in a twin.
// nulls says whether they may: they remove in a patch, and mean nothing in a
// replacement.
func checkProperties(properties map[string]any, nulls bool) *refusal {
	return checkObject(properties, nulls, depth{})
}

// depth counts the objects and the arrays around a value, each by themselves.
type depth struct{ objects, arrays int }

func checkObject(object map[string]any, nulls bool, at depth) *refusal {
	if at.objects > maxDepth {
		return refuseArgument("Property or Tag depth should be maximum %d levels.", maxDepth)
	}
	for name, value := range object {
		if r := checkPropertyName(name); r != nil {
			return r
		}
		if value == nil && !nulls {
			return refuseArgument("Value of Property or Tag cannot be null. Error in Property/Tag %s", name)
		}
		if r := checkValue(name, value, nulls, at); r != nil {
			return r
		}
	}
	return nil
}

func checkPropertyName(name string) *refusal {
	switch {
	case name == "":
		return refuseArgument("Property or Tag name cannot be empty.")
	case len(name) > maxNameLength:
		return refuseArgument("Property or Tag name should be maximum %d bytes.", maxNameLength)
	case strings.ContainsAny(name, ".$# ") || strings.ContainsFunc(name, unicode.IsControl):
		return refuseArgument("Property or Tag name has invalid characters. Error in Property/Tag %s. Must not contain Control Characters, '.', '$', '#', or ' '.", name)
	}
	return nil
}

func checkValue(name string, value any, nulls bool, at depth) *refusal {
	switch value := value.(type) {
	case map[string]any:
		at.objects++
		return checkObject(value, nulls, at)
	case []any:
		if at.arrays++; at.arrays > maxArrayDepth {
			return refuseArgument("Property or Tag arrays should be nested maximum %d times. Error in Property/Tag %s", maxArrayDepth, name)
		}
		for _, element := range value {
			if r := checkValue(name, element, nulls, at); r != nil {
				return r
			}
		}
	case string:
		if len(value) > maxStringLength {
			return refuseArgument("Property or Tag value should be maximum %d bytes. Error in Property/Tag %s", maxStringLength, name)
		}
	case json.Number:
		if !isNumber(value.String()) {
			return refuseArgument("Property or Tag value is out of range. Error in Property/Tag %s", name)
		}
	}
	return nil
}

// isNumber reports whether an integer is in the range of IoT Hub's, and any
// other number in that of floating point.
func isNumber(text string) bool {
	if strings.ContainsAny(text, ".eE") {
		_, err := strconv.ParseFloat(text, 64)
		return err == nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && minInteger <= n && n <= maxInteger
}
