package readme

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
)

// Check makes all checks that need nothing to be run but "-h": help holds
// what each program prints for it, root is the folder of the document.
func (d *Document) Check(root fs.FS, help map[string]string) []Problem {
	problems := slices.Concat(
		d.Problems,
		d.CheckExcerpts(root),
		d.CheckLinks(root),
		d.CheckShells(),
		d.CheckUsage(help),
		d.CheckTerms(),
	)
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return problems
}

// checker collects problems.
type checker []Problem

func (c *checker) add(line int, format string, args ...any) {
	*c = append(*c, Problem{line, fmt.Sprintf(format, args...)})
}
