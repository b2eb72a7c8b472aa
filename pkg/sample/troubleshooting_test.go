package sample_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"moduletwin/pkg/internal/programs"
	"moduletwin/pkg/internal/readme"
)

// TestTroubleshooting demands that every message in the section
// "Fehlersuche" of the README is one that a test gets from a program. There,
// too, "…" stands for what differs.
func TestTroubleshooting(t *testing.T) {
	root, err := programs.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	quotes := 0
	for _, block := range readme.Parse(string(text)).Blocks {
		if block.Section != "Fehlersuche" || block.Language != "text" {
			continue
		}
		quotes++
		if quote := strings.Join(block.Text, "\n"); !isTested(quote) {
			t.Errorf("README.md:%d: no test gets this message:\n%s", block.Line+1, quote)
		}
	}
	if quotes < 5 {
		t.Errorf("only %d messages were found", quotes)
	}
}

func isTested(quote string) bool {
	for _, c := range badInputs {
		if matches(c.stderr, quote) {
			return true
		}
	}
	return regexp.MustCompile(contested).MatchString(quote)
}
