// Package mergepatch merges and compares JSON objects by the rules of JSON
// Merge Patch (RFC 7396), the format in which IoT Hub accepts and announces
// changes of a twin: a member replaces the one of the same name, objects are
// merged member by member, null removes a member, and arrays are replaced as
// a whole.
//
// Objects are map[string]any as encoding/json decodes them. No function
// changes its arguments.
package mergepatch

import (
	"maps"
	"reflect"
)

// Merge returns target with patch applied. The result shares the parts of
// target that the patch does not touch, so neither of the two may be changed
// afterwards; it shares nothing with patch. A nil target is an empty object.
func Merge(target, patch map[string]any) map[string]any {
	merged := maps.Clone(target)
	if merged == nil {
		merged = make(map[string]any, len(patch))
	}
	for name, change := range patch {
		switch change := change.(type) {
		case nil:
			delete(merged, name)
		case map[string]any:
			before, _ := merged[name].(map[string]any) // an object replaces anything that is not an object
			merged[name] = Merge(before, change)
		default:
			merged[name] = Clone(change)
		}
	}
	return merged
}

// Diff returns the smallest patch that turns before into after: for objects
// without null members, Merge(before, Diff(before, after)) equals after. It
// is empty, not nil, when the two are equal, and shares nothing with them.
func Diff(before, after map[string]any) map[string]any {
	patch := make(map[string]any)
	for name := range before {
		if _, stays := after[name]; !stays {
			patch[name] = nil
		}
	}
	for name, value := range after {
		old, existed := before[name]
		oldObject, wasObject := old.(map[string]any)
		object, isObject := value.(map[string]any)
		switch {
		case wasObject && isObject:
			if change := Diff(oldObject, object); len(change) > 0 {
				patch[name] = change
			}
		case !existed || !reflect.DeepEqual(old, value):
			patch[name] = Clone(value)
		}
	}
	return patch
}

// Clone returns a deep copy of a decoded JSON value.
func Clone(value any) any {
	switch value := value.(type) {
	case map[string]any:
		copied := make(map[string]any, len(value))
		for name, member := range value {
			copied[name] = Clone(member)
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, element := range value {
			copied[i] = Clone(element)
		}
		return copied
	default:
		return value
	}
}
