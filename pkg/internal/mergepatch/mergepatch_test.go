package mergepatch_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"moduletwin/pkg/internal/mergepatch"
)

// The rows are those examples of RFC 7396, appendix A, that are objects, and
// further cases that twins need.
func TestMerge(t *testing.T) {
	tests := []struct{ name, target, patch, want string }{
		{"replace", `{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{"add", `{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{"remove the only member", `{"a":"b"}`, `{"a":null}`, `{}`},
		{"remove one of two", `{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{"array gives way to a string", `{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{"string gives way to an array", `{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{"change and remove in depth", `{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{"array is replaced whole", `{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{"null in an object that is new", `{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
		{"number gives way to an object", `{"a":1}`, `{"a":{"b":2,"c":null}}`, `{"a":{"b":2}}`},
		{"emptied object stays", `{"a":{"b":1}}`, `{"a":{"b":null}}`, `{"a":{}}`},
		{"removing what is not there", `{"a":1}`, `{"b":null}`, `{"a":1}`},
		{"empty patch", `{"a":1}`, `{}`, `{"a":1}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			target, patch := object(t, test.target), object(t, test.patch)
			got := mergepatch.Merge(target, patch)
			if want := object(t, test.want); !reflect.DeepEqual(got, want) {
				t.Errorf("Merge(%s, %s) = %v, want %v", test.target, test.patch, got, want)
			}
			if !reflect.DeepEqual(target, object(t, test.target)) || !reflect.DeepEqual(patch, object(t, test.patch)) {
				t.Error("Merge changed an argument")
			}
		})
	}
}

func TestDiff(t *testing.T) {
	tests := []struct{ name, before, after, want string }{
		{"equal", `{"a":{"b":[1,{"c":2}]}}`, `{"a":{"b":[1,{"c":2}]}}`, `{}`},
		{"set", `{}`, `{"a":1}`, `{"a":1}`},
		{"removed", `{"a":1,"b":2}`, `{"b":2}`, `{"a":null}`},
		{"changed in depth", `{"a":{"b":1,"c":2}}`, `{"a":{"b":3,"c":2}}`, `{"a":{"b":3}}`},
		{"removed in depth", `{"a":{"b":1,"c":2}}`, `{"a":{"b":1}}`, `{"a":{"c":null}}`},
		{"object emptied", `{"a":{"b":1}}`, `{"a":{}}`, `{"a":{"b":null}}`},
		{"empty object added", `{}`, `{"a":{}}`, `{"a":{}}`},
		{"object becomes a number", `{"a":{"b":1}}`, `{"a":1}`, `{"a":1}`},
		{"number becomes an object", `{"a":1}`, `{"a":{"b":1}}`, `{"a":{"b":1}}`},
		{"array changed", `{"a":[1,2]}`, `{"a":[1,3]}`, `{"a":[1,3]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := mergepatch.Diff(object(t, test.before), object(t, test.after))
			if want := object(t, test.want); !reflect.DeepEqual(got, want) {
				t.Errorf("Diff(%s, %s) = %v, want %v", test.before, test.after, got, want)
			}
		})
	}
}

// Users may write into results; that must not reach the objects that the
// results were made from.
func TestResultsShareNothingWithThePatch(t *testing.T) {
	patch := object(t, `{"a":{"b":[1]},"c":[{"d":1}]}`)
	merged := mergepatch.Merge(nil, patch)
	merged["a"].(map[string]any)["b"].([]any)[0] = "changed"
	merged["c"].([]any)[0].(map[string]any)["d"] = "changed"
	if want := object(t, `{"a":{"b":[1]},"c":[{"d":1}]}`); !reflect.DeepEqual(patch, want) {
		t.Errorf("the patch became %v", patch)
	}
	diff := mergepatch.Diff(nil, patch)
	diff["c"].([]any)[0].(map[string]any)["d"] = "changed"
	if want := object(t, `{"a":{"b":[1]},"c":[{"d":1}]}`); !reflect.DeepEqual(patch, want) {
		t.Errorf("the compared object became %v", patch)
	}
}

// Numbers keep their form, whatever it is.
func TestNumbersStayAsTheyAre(t *testing.T) {
	for _, number := range []any{1e20, float64(1 << 52), json.Number("1e20"), json.Number("4503599627370496.0"), json.Number("0.10"), int64(1 << 60)} {
		state := map[string]any{"a": map[string]any{"n": number}, "l": []any{number}}
		for name, got := range map[string]any{
			"Merge": mergepatch.Merge(map[string]any{"a": 1.0}, state),
			"Diff":  mergepatch.Diff(nil, state),
			"Clone": mergepatch.Clone(state),
		} {
			if !reflect.DeepEqual(got, state) {
				t.Errorf("%s of %T %v gives %v", name, number, number, got)
			}
		}
		if patch := mergepatch.Diff(state, state); len(patch) > 0 {
			t.Errorf("%v differs from itself: %v", number, patch)
		}
	}
}

// FuzzDiff checks the one law that the module client relies on: a difference,
// when merged, gives exactly the state it was taken from.
func FuzzDiff(f *testing.F) {
	for _, seed := range [][2]string{
		{`{}`, `{"a":1}`},
		{`{"a":{"b":1,"c":{"d":2}}}`, `{"a":{"c":{}},"e":[null,{"f":null}]}`},
		{`{"a":1}`, `{"a":{"b":{"c":"d"}}}`},
		{`{"":{"":{}}}`, `{"":[]}`},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		var a, b map[string]any
		if json.Unmarshal([]byte(before), &a) != nil || json.Unmarshal([]byte(after), &b) != nil {
			t.Skip("not two objects")
		}
		a, b = mergepatch.Merge(nil, a), mergepatch.Merge(nil, b) // a state has no null members
		patch := mergepatch.Diff(a, b)
		if got := mergepatch.Merge(a, patch); !reflect.DeepEqual(got, b) {
			t.Errorf("Merge(%v, %v) = %v, want %v", a, patch, got, b)
		}
		if again := mergepatch.Diff(b, b); len(again) != 0 {
			t.Errorf("Diff of equal objects = %v", again)
		}
	})
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return object
}
