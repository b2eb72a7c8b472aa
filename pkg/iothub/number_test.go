package iothub_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// Each row is a number as it is read and as it is written again.
func TestNumbersAreWritable(t *testing.T) {
	for _, test := range []struct{ read, written string }{
		{"0", "0"},
		{"-0", "-0"},
		{"122", "122"},
		{"21.5", "21.5"},
		{"1.0", "1"},
		{"1e2", "100"},
		{"4503599627370495", "4503599627370495"},
		{"-4503599627370496", "-4503599627370496"},
		{"4503599627370496.0", "4.503599627370496e15"},
		{"-4503599627370497e0", "-4.503599627370497e15"},
		{"1e20", "1e20"},
		{"1E+20", "1e20"},
		{"-100000000000000000000.0", "-1e20"},
		{"1e21", "1e21"},
		{"1.7976931348623157e308", "1.7976931348623157e308"},
		{"5e-324", "5e-324"},
		{"1e-400", "0"},
		{"0.1234567890123456789", "0.12345678901234568"},
	} {
		var p iothub.Properties
		if err := json.Unmarshal([]byte(`{"n":`+test.read+`,"o":{"p":[`+test.read+`]}}`), &p); err != nil {
			t.Fatal(err)
		}
		if _, float := p["n"].(float64); !float {
			t.Errorf("%s is read as a %T", test.read, p["n"])
		}
		want := `{"n":` + test.written + `,"o":{"p":[` + test.written + `]}}`
		if got, err := json.Marshal(p); err != nil || string(got) != want {
			t.Errorf("%s is written as %s, %v, want %s", test.read, got, err, want)
		}
		if got := p.String(); got != want {
			t.Errorf("%s is printed as %s, want %s", test.read, got, want)
		}
	}
}

// An integer that the user sets stays an integer, even one that is too large
// for the hub: the hub has to refuse it, as its last digits may matter.
func TestIntegersStayIntegers(t *testing.T) {
	p := iothub.Properties{"a": int64(math.MaxInt64), "b": json.Number("9007199254740993"), "c": float32(1e20), "d": []any{1e20}, "e": iothub.Properties{"f": 1e20}, "g": []float64{1}}
	if got, want := p.String(), `{"a":9223372036854775807,"b":9007199254740993,"c":1e20,"d":[1e20],"e":{"f":1e20},"g":[1]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if p["d"].([]any)[0] != 1e20 || p["e"].(iothub.Properties)["f"] != 1e20 {
		t.Error("writing has changed the properties")
	}
	for _, none := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
		if _, err := json.Marshal(iothub.Properties{"n": none}); err == nil {
			t.Errorf("%v is written", none)
		}
	}
}

// FuzzNumbers checks that every JSON number that IoT Hub accepts is written as
// the same number, in a form that IoT Hub accepts again.
func FuzzNumbers(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		for range 100 {
			text := randomNumber(random)
			before, err := strconv.ParseFloat(text, 64)
			if err != nil || !hubTakes(text) {
				continue
			}
			var p iothub.Properties
			if err := json.Unmarshal([]byte(`{"n":`+text+`}`), &p); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			written := strings.TrimSuffix(strings.TrimPrefix(p.String(), `{"n":`), "}")
			after, err := strconv.ParseFloat(written, 64)
			if err != nil || after != before || !hubTakes(written) || !json.Valid([]byte(written)) {
				t.Errorf("%s becomes %s", text, written)
			}
		}
	})
}

// randomNumber returns a JSON number. Half of them are near the limits of the
// hub's integers.
func randomNumber(random *rand.Rand) string {
	var b strings.Builder
	if random.IntN(2) == 0 {
		b.WriteByte('-')
	}
	switch random.IntN(4) {
	case 0:
		b.WriteByte('0')
	case 1:
		fmt.Fprint(&b, 1+random.Uint64N(1<<random.IntN(64)))
	default:
		fmt.Fprint(&b, 1<<(51+random.IntN(3))-2+random.IntN(5))
	}
	if random.IntN(2) == 0 {
		fmt.Fprintf(&b, ".%0*d", 1+random.IntN(20), random.IntN(10)*random.IntN(1000))
	}
	if random.IntN(2) == 0 {
		fmt.Fprintf(&b, "%c%s%d", "eE"[random.IntN(2)], []string{"", "+", "-"}[random.IntN(3)], random.IntN(330))
	}
	return b.String()
}

// hubTakes applies the hub's rule: an integer has to fit in 53 bits; any other
// number is accepted.
func hubTakes(text string) bool {
	if strings.ContainsAny(text, ".eE") {
		return true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && -1<<52 <= n && n < 1<<52
}

// On a hub that enforces the rule, a twin that was read can be written back.
func TestTwinIsWrittenBack(t *testing.T) {
	hub := localhub.New(t)
	hub.AddModule("d", "m")
	registry, err := iothub.NewRegistry(hub.ConnectionString(localhub.PolicyIoTHubOwner), &iothub.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	defer registry.CloseIdleConnections()
	numbers := json.RawMessage(`[0,-0,1.0,21.5,4503599627370495,-4503599627370496,4503599627370496.0,-4503599627370497e0,1e20,1E+21,100000000000000000000.0,1e-7]`)
	patch := iothub.TwinPatch{Tags: map[string]any{"n": numbers}, Desired: map[string]any{"n": numbers, "o": map[string]any{"p": json.RawMessage("1e20")}}}
	if _, err := registry.UpdateModuleTwin(t.Context(), "d", "m", patch, ""); err != nil {
		t.Fatal(err)
	}
	read, err := registry.GetModuleTwin(t.Context(), "d", "m")
	if err != nil {
		t.Fatal(err)
	}
	written, err := registry.ReplaceModuleTwin(t.Context(), "d", "m", iothub.TwinPatch{Tags: read.Tags, Desired: read.Properties.Desired}, read.ETag)
	if err != nil {
		t.Fatal(err)
	}
	if before, after := read.Properties.Desired.UserProperties(), written.Properties.Desired.UserProperties(); !reflect.DeepEqual(before, after) || !reflect.DeepEqual(read.Tags, written.Tags) {
		t.Errorf("%v became %v", before, after)
	}
}

// Characters that a terminal would interpret are escaped wherever properties
// become JSON.
func TestPropertiesAreSafeToPrint(t *testing.T) {
	p := iothub.Properties{"\u009b31m": "\x1b]0;\x07\x7f\u202e\u2028", "o": map[string]any{"\u2066": []any{"<&>\u200d"}}}
	const want = `{"o":{"\u2066":["<&>` + "\u200d" + `"]},"\u009b31m":"\u001b]0;\u0007\u007f\u202e\u2028"}`
	if got := p.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	twin, err := json.Marshal(iothub.TwinProperties{Desired: p})
	if err != nil || !json.Valid(twin) || strings.ContainsAny(string(twin), "\u009b\x1b\x7f\u202e\u2028\u2066") {
		t.Errorf("got %s, %v", twin, err)
	}
	var again iothub.TwinProperties
	if err := json.Unmarshal(twin, &again); err != nil || !reflect.DeepEqual(again.Desired, p) {
		t.Errorf("it is decoded as %v, %v", again.Desired, err)
	}
	if got := (iothub.Properties{"f": func() {}, "\n": "\x1b"}).String(); strings.ContainsAny(got, "\x1b\n") {
		t.Errorf("properties that are not valid JSON are printed as %q", got)
	}
}
