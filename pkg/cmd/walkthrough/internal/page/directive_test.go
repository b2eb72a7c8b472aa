package page_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
)

// TestDirectivesExplained checks that README.md of the walkthrough explains
// exactly the existing directives.
func TestDirectivesExplained(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var explained []string
	for _, found := range regexp.MustCompile("(?m)^\\| `([a-z]+)[=`]").FindAllStringSubmatch(string(text), -1) {
		explained = append(explained, found[1])
	}
	slices.Sort(explained)
	if known := slices.Sorted(maps.Keys(page.DirectiveNames())); !slices.Equal(explained, known) {
		t.Errorf("README.md explains %s, want %s", strings.Join(explained, ", "), strings.Join(known, ", "))
	}
}
