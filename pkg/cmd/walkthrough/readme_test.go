package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"moduletwin/pkg/internal/programs"
	"moduletwin/pkg/internal/readme"
)

// TestREADME plays README.md as the command does.
func TestREADME(t *testing.T) {
	root, err := programs.Root()
	if err != nil {
		t.Fatal(err)
	}
	if err := programs.DependOnSources(root); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	run, err := prepare(root, readme.Parse(string(text)), false, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer run.close()
	for _, problem := range run.check(t.Context()) {
		t.Errorf("README.md:%d: %s", problem.Line, problem.Text)
	}
	if t.Failed() {
		return
	}
	if run.player.updated() != strings.ReplaceAll(string(text), "\r\n", "\n") {
		t.Error("-update would change something although nothing differs")
	}
	t.Run("every word counts", func(t *testing.T) { everyWordCounts(t, run.player) })
}

// everyWordCounts changes each word of each output and demands that the
// comparison with what was printed finds it, in that line.
func everyWordCounts(t *testing.T, p *player) {
	word := regexp.MustCompile(`\pL+`)
	changed := 0
	for _, played := range p.played {
		for i, line := range played.step.Output {
			for _, at := range word.FindAllStringIndex(line, -1) {
				shown := append([]string(nil), played.step.Output...)
				shown[i] = line[:at[0]] + otherLetter(line[at[0]:at[1]]) + line[at[1]:]
				if c := p.dict.compare(shown, played.printed); c.wrong != i {
					t.Errorf("README.md:%d: nobody notices that this is wrong: %s", played.step.OutputLine(i), plain(shown[i]))
				}
				changed++
			}
		}
	}
	if changed < 100 {
		t.Errorf("only %d words were tried", changed)
	}
}

func otherLetter(word string) string {
	if word[0] == 'Q' {
		return "R" + word[1:]
	}
	return "Q" + word[1:]
}
