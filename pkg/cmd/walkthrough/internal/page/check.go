package page

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
)

// Facts holds what pages are checked against.
type Facts struct {
	Root   fs.FS             // the repository
	Help   map[string]string // what each program prints for -h
	Prompt string            // what the local hub prints for help
}

// Check runs all checks that do not play a page.
func Check(pages []*Page, facts Facts) []Problem {
	var problems []Problem
	for _, p := range pages {
		problems = append(problems, p.Problems...)
		problems = append(problems, p.CheckExcerpts(facts.Root)...)
		problems = append(problems, p.CheckLinks(facts.Root)...)
		problems = append(problems, p.CheckShells()...)
	}
	problems = append(problems, CheckUsage(pages, facts.Help)...)
	problems = append(problems, CheckWords(pages, facts.Prompt)...)
	Sort(problems)
	return problems
}

// Sort sorts problems by file and line.
func Sort(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
}

// checker collects the problems of a page.
type checker struct {
	file     string
	problems []Problem
}

func (c *checker) add(line int, format string, args ...any) {
	c.problems = append(c.problems, Problem{c.file, line, fmt.Sprintf(format, args...)})
}
