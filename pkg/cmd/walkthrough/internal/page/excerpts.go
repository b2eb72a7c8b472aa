package page

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// CheckExcerpts checks that every block of Go code that is neither saved nor
// inserted is, except for its indentation, a literal excerpt from the file
// below root that its directive names. A line "// …" stands for omitted lines.
// In a table with a file, the code in the last column has to occur in the file;
// there, "…" stands for any omitted text.
func (p *Page) CheckExcerpts(root fs.FS) []Problem {
	c := checker{file: p.Name}
	for _, b := range p.Blocks {
		switch {
		case b.Language != "go" || b.Directive.Save != "" || b.Directive.Insert != "":
		case b.Directive.File == "":
			c.add(b.Line, "this Go code names no file that it is taken from")
		default:
			c.excerpt(root, b)
		}
	}
	for _, t := range p.Tables {
		if t.Directive.File != "" {
			c.codeOfTable(root, t)
		}
	}
	return c.problems
}

// gap is the line of an excerpt that stands for omitted lines.
const gap = "// …"

func (c *checker) excerpt(root fs.FS, b Block) {
	file := c.lines(root, b.Directive)
	if file == nil {
		return
	}
	part, line := []string(nil), b.Line+1
	for i, text := range append(b.Text, gap) {
		if strings.TrimSpace(text) != gap {
			part = append(part, text)
			continue
		}
		rest, wrong := after(file, dedent(part))
		if rest == nil {
			c.add(line+wrong, "this is not what %s says: %s", b.Directive.File, part[wrong])
			return
		}
		file, part, line = rest, nil, b.Line+i+2
	}
}

// after returns the lines of file after the first occurrence of part. If there
// is none, it returns nil and the number of lines that matched in the best
// attempt.
func after(file, part []string) (rest []string, wrong int) {
	for from := range file {
		to := from + len(part)
		if to > len(file) {
			break
		}
		here := dedent(file[from:to])
		if slices.Equal(here, part) {
			return file[to:], 0
		}
		for n := range part {
			if here[n] != part[n] {
				wrong = max(wrong, n)
				break
			}
		}
	}
	return nil, wrong
}

// dedent removes the leading tabs that all non-empty lines have in common.
func dedent(lines []string) []string {
	tabs := -1
	for _, line := range lines {
		if line == "" {
			continue
		}
		if n := len(line) - len(strings.TrimLeft(line, "\t")); tabs < 0 || n < tabs {
			tabs = n
		}
	}
	short := make([]string, len(lines))
	for i, line := range lines {
		short[i] = line[min(len(line), max(tabs, 0)):]
	}
	return short
}

var code = regexp.MustCompile("`([^`]+)`")

func (c *checker) codeOfTable(root fs.FS, t Table) {
	text := strings.Join(c.lines(root, t.Directive), "\n")
	for i, row := range t.Rows[1:] {
		for _, span := range code.FindAllStringSubmatch(row[len(row)-1], -1) {
			if !containsInOrder(text, strings.Split(span[1], Elision)) {
				c.add(t.Line+2+i, "this is not in %s: %s", t.Directive.File, span[1])
			}
		}
	}
}

func containsInOrder(text string, parts []string) bool {
	for _, part := range parts {
		_, rest, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = rest
	}
	return true
}

// lines returns the text of the files that a directive names, separated by
// commas.
func (c *checker) lines(root fs.FS, d Directive) []string {
	var lines []string
	for name := range strings.SplitSeq(d.File, ",") {
		text, err := fs.ReadFile(root, name)
		if err != nil {
			c.add(d.Line, "%v", err)
			return nil
		}
		lines = append(lines, strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")...)
	}
	return lines
}
