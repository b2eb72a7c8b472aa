package page_test

import (
	"reflect"
	"strings"
	"testing"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
)

func TestSteps(t *testing.T) {
	doc := parse(`
1. In a list:

   <!-- walkthrough: terminal=hub until="two words" exit=3 input=stop only=local skip words file=f save=s insert=i after=a -->
   ~~~console
   more
   $ bin/hub
     indented

   stop
   ^C
   stopped
   ~~~
`)
	want := []page.Step{
		{Line: 6, Action: page.Watch, Output: []string{"more"}},
		{Line: 7, Action: page.Run, Text: "bin/hub", Output: []string{"  indented", ""}},
		{Line: 10, Action: page.Type, Text: "stop"},
		{Line: 11, Action: page.Interrupt, Output: []string{"stopped"}, Until: "two words", Exit: 3},
	}
	block := doc.Blocks[0]
	if got := block.Steps(); !reflect.DeepEqual(got, want) {
		t.Errorf("steps: %+v, want %+v", got, want)
	}
	for _, step := range want {
		for i, text := range step.Output {
			if shown := doc.Lines[step.OutputLine(i)-1]; strings.TrimPrefix(shown, block.Indent) != text {
				t.Errorf("line %d of %+v is not %q", i, step, shown)
			}
		}
	}
	directive := page.Directive{Line: 4, Terminal: "hub", Until: "two words", Exit: 3, Input: "stop", Only: "local", Skip: true, Words: true, File: "f", Save: "s", Insert: "i", After: "a"}
	if block.Directive != directive || len(doc.Problems) > 0 {
		t.Errorf("directive: %+v, problems: %v", block.Directive, doc.Problems)
	}
}

func TestPlain(t *testing.T) {
	for _, c := range [][2]string{
		{`export A="b c"`, `A=b c`},
		{`$env:A = "b c"`, `A=b c`},
		{`set "A=b c"`, `A=b c`},
		{`bin\hub -listen x`, `bin/hub -listen x`},
		{`export A=b`, `export A=b`},
	} {
		if got := page.Plain(c[0]); got != c[1] {
			t.Errorf("Plain(%q) = %q, want %q", c[0], got, c[1])
		}
	}
}
