package main

import (
	"slices"
	"strings"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
)

// rewrite replaces the lines of an output on the page, which solves a problem.
type rewrite struct {
	line, count int
	indent      string
	lines       []string
	solves      page.Problem
}

// updated returns the page with the outputs that were printed.
func (p *player) updated() string {
	lines := slices.Clone(p.page.Lines)
	for _, r := range slices.Backward(p.rewrites) { // bottom up, so that the line numbers above stay valid
		indented := make([]string, len(r.lines))
		for i, line := range r.lines {
			indented[i] = strings.TrimRight(r.indent+line, " ")
		}
		lines = slices.Replace(lines, r.line-1, r.line-1+r.count, indented...)
	}
	return strings.Join(lines, "\n")
}
