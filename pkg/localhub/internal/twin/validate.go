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
// Package iothub knows the range of integers as well; the hub has constants of
// its own, so that it can detect mistakes there.
const (
	maxDepth        = 10      // nested objects and arrays, below the section, see Azure/iotedge#4896
	maxNameLength   = 1 << 10 // bytes
	maxStringLength = 4 << 10 // bytes
	maxInteger      = 1<<52 - 1
	minInteger      = -1 << 52
)

// nullRule says whether a value may be null.
type nullRule int

const (
	nullsAllowed nullRule = iota // in a patch
	nullsRefused                 // in a replacement
	nullsInArray                 // refused everywhere, with a message of its own, see azure-iot-sdk-csharp#1741
)

// check reports a null that is not allowed as the value of name. The messages
// are those of the service.
func (r nullRule) check(name string) error {
	switch r {
	case nullsRefused:
		return huberror.InvalidArgument("Value of Property or Tag cannot be null. Error in Property/Tag %s", name)
	case nullsInArray:
		return huberror.InvalidArgument("Value of Property or Tag cannot be null. Error inProperty/Tag %s", name)
	}
	return nil
}

// checkObject reports a name or a value that is not allowed in a twin. depth is
// how many objects and arrays enclose the object.
func checkObject(object map[string]any, nulls nullRule, depth int) error {
	for name, value := range object {
		if err := checkName(name); err != nil {
			return err
		}
		if err := checkValue(name, value, nulls, depth); err != nil {
			return err
		}
	}
	return nil
}

func checkName(name string) error {
	switch {
	case len(name) > maxNameLength:
		return huberror.InvalidArgument("Property or Tag name should be maximum %d bytes.", maxNameLength)
	case strings.ContainsAny(name, ".$#") || strings.ContainsFunc(name, isNoNameRune):
		return huberror.InvalidArgument("Property or Tag name has invalid characters. Error in Property/Tag %s. Must not contain Control Characters, '.', '$', '#', or ' '.", name)
	}
	return nil
}

// isNoNameRune reports whether r is not allowed in a name. Like the check in
// Azure/iotedge, it rejects all white space, including no-break spaces. The
// empty name is allowed, see azure-iot-sdk-java#1754.
func isNoNameRune(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }

// checkValue checks the value of name, or an element of an array that is its
// value.
func checkValue(name string, value any, nulls nullRule, depth int) error {
	switch value := value.(type) {
	case nil:
		return nulls.check(name)
	case map[string]any:
		if err := checkDepth(depth + 1); err != nil {
			return err
		}
		return checkObject(value, nulls, depth+1)
	case []any:
		if err := checkDepth(depth + 1); err != nil {
			return err
		}
		for _, element := range value {
			if err := checkValue(name, element, nullsInArray, depth+1); err != nil {
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

func checkDepth(depth int) error {
	if depth > maxDepth {
		return huberror.InvalidArgument("Property or Tag depth should be maximum %d levels.", maxDepth)
	}
	return nil
}

// isNumber reports whether text is an integer in IoT Hub's range, or another
// number in the range of a 64-bit float.
func isNumber(text string) bool {
	if strings.ContainsAny(text, ".eE") {
		_, err := strconv.ParseFloat(text, 64)
		return err == nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && minInteger <= n && n <= maxInteger
}
