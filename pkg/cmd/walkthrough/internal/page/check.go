package page

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
)

// Check makes all checks that need nothing to be run but "-h": help holds
// what each program prints for it, root is the folder of the document.
func (p *Page) Check(root fs.FS, help map[string]string) []Problem {
	problems := slices.Concat(
		p.Problems,
		p.CheckExcerpts(root),
		p.CheckLinks(root),
		p.CheckShells(),
		p.CheckUsage(help),
	)
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return problems
}

// checker collects problems.
type checker []Problem

func (c *checker) add(line int, format string, args ...any) {
	*c = append(*c, Problem{line, fmt.Sprintf(format, args...)})
}
