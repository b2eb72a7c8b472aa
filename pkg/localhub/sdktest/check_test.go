package sdktest

import (
	"encoding/json"
	"strings"
	"testing"
)

// at returns the value at a path such as "authentication.symmetricKey", or
// nil if there is none.
func at(value any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// text is at for a string.
func text(value any, path string) string {
	s, _ := at(value, path).(string)
	return s
}

// has checks the values at paths of a result. pairs alternate between a path
// and its value as JSON, "null" for no value. Other values, such as keys, are
// not printed.
func has(t testing.TB, result any, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		same(t, pairs[i], at(result, pairs[i]), pairs[i+1])
	}
}

// same compares a value with JSON in which names are sorted.
func same(t testing.TB, what string, got any, want string) {
	t.Helper()
	if text, err := json.Marshal(got); err != nil || string(text) != want {
		t.Errorf("%s is %s, want %s", what, text, want)
	}
}
