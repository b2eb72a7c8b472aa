package iothub

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// The integers that IoT Hub accepts. A number with an exponent or a fraction
// may be any float64. The local hub has its own copy of this rule; id.go says
// why.
const (
	minInteger = -1 << 52
	maxInteger = 1<<52 - 1
)

// writable returns a decoded JSON value with every number in a form that IoT Hub
// accepts. In most cases, that is the value itself.
func writable(value any) any {
	if !hasLargeInteger(value) {
		return value
	}
	switch value := value.(type) {
	case float64:
		return exponential(value, 64)
	case float32:
		return exponential(float64(value), 32)
	case []any:
		elements := make([]any, len(value))
		for i, element := range value {
			elements[i] = writable(element)
		}
		return elements
	default:
		object := make(map[string]any)
		for name, member := range asObject(value) {
			object[name] = writable(member)
		}
		return object
	}
}

// hasLargeInteger reports whether package json would write a float64 in value
// as an integer that IoT Hub does not accept. Values of Go's integer types stay
// as they are, even if the hub refuses them: each of their digits may matter.
func hasLargeInteger(value any) bool {
	switch value := value.(type) {
	case float64:
		return isLargeInteger(value)
	case float32:
		return isLargeInteger(float64(value))
	case []any:
		for _, element := range value {
			if hasLargeInteger(element) {
				return true
			}
		}
	default:
		for _, member := range asObject(value) {
			if hasLargeInteger(member) {
				return true
			}
		}
	}
	return false
}

// asObject returns nil if value is not an object.
func asObject(value any) map[string]any {
	switch value := value.(type) {
	case map[string]any:
		return value
	case Properties:
		return value
	}
	return nil
}

func isLargeInteger(f float64) bool {
	return f == math.Trunc(f) && (f < minInteger || f > maxInteger) && !math.IsInf(f, 0)
}

// exponential writes a number as people do: 1e20, 4.503599627370496e15.
func exponential(f float64, bits int) json.Number {
	return json.Number(strings.Replace(strconv.FormatFloat(f, 'e', -1, bits), "+", "", 1))
}
