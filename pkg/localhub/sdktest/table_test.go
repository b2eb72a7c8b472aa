package sdktest

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

// tableVariable is the environment variable that names a file for a table of
// the outcomes of every scenario in every language.
const tableVariable = "IOTHUB_SDKS_TABLE"

var allScenarios = slices.Concat(serviceScenarios, clientScenarios)

// TestMisses checks that every expected miss applies to a scenario.
func TestMisses(t *testing.T) {
	for _, m := range misses {
		if !slices.ContainsFunc(allScenarios, m.concerns) {
			t.Errorf("a miss of %s applies to no scenario: %s", m.language, m.reason)
		}
	}
}

// writeTable writes the table if all scenarios ended as expected.
func writeTable(t *testing.T) {
	file := os.Getenv(tableVariable)
	if file == "" || t.Failed() {
		return
	}
	var text bytes.Buffer
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "SCENARIO")
	for _, l := range languages {
		fmt.Fprint(table, "\t", l.name)
	}
	for _, s := range allScenarios {
		fmt.Fprint(table, "\n", s.name)
		for _, l := range languages {
			fmt.Fprint(table, "\t", outcome(l, s))
		}
	}
	fmt.Fprintln(table)
	table.Flush()
	fmt.Fprintln(&text, "\nEXPECTED MISSES")
	for i, m := range misses {
		fmt.Fprintf(&text, "%d. %s: %s\n", i+1, m.language, m.reason)
	}
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Error(err)
	}
}

// outcome returns "passed" or the number of the expected miss, with the
// transport if it concerns only one.
func outcome(l language, s scenario) string {
	for i, m := range misses {
		if m.language == l.name && m.concerns(s) {
			return strings.TrimSpace(fmt.Sprint("miss ", i+1, " ", m.over))
		}
	}
	return "passed"
}
