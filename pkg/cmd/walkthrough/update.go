package main

import (
	"slices"
	"strings"
)

// updated returns the document with the outputs that were printed.
func (p *player) updated() string {
	lines := slices.Clone(p.doc.Lines)
	for _, e := range slices.Backward(p.edits) { // from below, so that the numbers above stay right
		indented := make([]string, len(e.lines))
		for i, line := range e.lines {
			indented[i] = strings.TrimRight(e.indent+line, " ")
		}
		lines = slices.Replace(lines, e.line-1, e.line-1+e.count, indented...)
	}
	return strings.Join(lines, "\n")
}

func contains(line, text string) bool { return strings.Contains(plain(line), plain(text)) }
