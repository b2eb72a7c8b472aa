package twin

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode"

	"moduletwin/pkg/localhub/internal/huberror"
)

// The limits of twins, as in
// https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-module-twins.
const (
	maxDepth        = 10      // objects below the section
	maxArrayDepth   = 100     // arrays in arrays, so that a twin can always be read again
	maxNameLength   = 1 << 10 // bytes
	maxStringLength = 4 << 10 // bytes
	maxInteger      = 1<<52 - 1
	minInteger      = -1 << 52
)

// checkProperties reports a name or a value that may not stand in a twin.
// nulls says whether they may: they remove in a patch, and mean nothing in a
// replacement.
func checkProperties(properties map[string]any, nulls bool) error {
	return checkObject(properties, nulls, depth{})
}

// depth counts the objects and the arrays around a value, each by themselves.
type depth struct{ objects, arrays int }

func checkObject(object map[string]any, nulls bool, at depth) error {
	if at.objects > maxDepth {
		return huberror.InvalidArgument("Property or Tag depth should be maximum %d levels.", maxDepth)
	}
	for name, value := range object {
		if err := checkName(name); err != nil {
			return err
		}
		if value == nil && !nulls {
			return huberror.InvalidArgument("Value of Property or Tag cannot be null. Error in Property/Tag %s", name)
		}
		if err := checkValue(name, value, nulls, at); err != nil {
			return err
		}
	}
	return nil
}

func checkName(name string) error {
	switch {
	case name == "":
		return huberror.InvalidArgument("Property or Tag name cannot be empty.")
	case len(name) > maxNameLength:
		return huberror.InvalidArgument("Property or Tag name should be maximum %d bytes.", maxNameLength)
	case strings.ContainsAny(name, ".$# ") || strings.ContainsFunc(name, unicode.IsControl):
		return huberror.InvalidArgument("Property or Tag name has invalid characters. Error in Property/Tag %s. Must not contain Control Characters, '.', '$', '#', or ' '.", name)
	}
	return nil
}

func checkValue(name string, value any, nulls bool, at depth) error {
	switch value := value.(type) {
	case map[string]any:
		at.objects++
		return checkObject(value, nulls, at)
	case []any:
		if at.arrays++; at.arrays > maxArrayDepth {
			return huberror.InvalidArgument("Property or Tag arrays should be nested maximum %d times. Error in Property/Tag %s", maxArrayDepth, name)
		}
		for _, element := range value {
			if err := checkValue(name, element, nulls, at); err != nil {
				return err
			}
		}
	case string:
		if len(value) > maxStringLength {
			return huberror.InvalidArgument("Property or Tag value should be maximum %d bytes. Error in Property/Tag %s", maxStringLength, name)
		}
	case json.Number:
		if !isNumber(value.String()) {
			return huberror.InvalidArgument("Property or Tag value is out of range. Error in Property/Tag %s", name)
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
