// Package page reads Markdown pages that are meant to be executed, and checks
// what can be checked without running them.
//
// Blocks of the language "console" hold commands and their output:
//
//	<!-- walkthrough: terminal=module until="press Ctrl-C" -->
//	```console
//	$ bin/receivemoduletwinpatch
//	Starting the IoT Hub Go sample...
//	IoTHubModuleClient waiting for commands, press Ctrl-C to exit
//	```
//
// The comment above a block controls it and is invisible to readers; see
// [Directive].
package page

import (
	"fmt"
	"regexp"
	"strings"
)

// Page is a Markdown file. Lines are counted from 1, as editors do.
type Page struct {
	Name     string // its path in the repository, with slashes
	Lines    []string
	Headings []Heading
	Blocks   []Block
	Tables   []Table
	Words    []Word
	Problems []Problem // what could not be read

	prose   []string  // Lines, but "" for those of blocks and comments
	pending Directive // for what comes next
}

// Heading is a heading of any level.
type Heading struct {
	Line  int
	Level int
	Text  string // without markup
}

// Table is a table with a directive. Other tables are treated as text.
type Table struct {
	Line      int // of the first row
	Directive Directive
	Rows      [][]string // with the header, without the line of dashes
}

// Block is a fenced block.
type Block struct {
	Line      int    // of the opening fence
	Indent    string // before the fence, as in a list
	Language  string
	Directive Directive
	Text      []string // without Indent
}

// Word is a code span that, according to the directive "words", is to be typed
// into the local hub.
type Word struct {
	Line int
	Text string
}

// Problem is something that is wrong with a line of a page.
type Problem struct {
	File string
	Line int
	Text string
}

// String returns the problem in the format of compiler errors.
func (p Problem) String() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text) }

var (
	fence   = regexp.MustCompile("^([ \t]*)(```+)([^` ]*)[^`]*$")
	heading = regexp.MustCompile(`^(#{1,6}) +(.*?)( +#+)?$`)
	markup  = regexp.MustCompile("[`*]|\\[([^]]*)\\]\\([^)]*\\)")
)

// Parse reads the text of a page.
func Parse(name, text string) *Page {
	p := &Page{Name: name, Lines: strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")}
	p.prose = make([]string, len(p.Lines))
	for i := 0; i < len(p.Lines); {
		switch line := strings.TrimSpace(p.Lines[i]); {
		case line == "":
			i++
		case strings.HasPrefix(line, "<!--"):
			i = p.comment(i)
		case fence.MatchString(p.Lines[i]):
			i = p.block(i)
		case strings.HasPrefix(line, "|") && p.pending.Line > 0:
			i = p.table(i)
		default:
			i = p.text(i)
		}
	}
	return p
}

// String returns the text of the page.
func (p *Page) String() string { return strings.Join(p.Lines, "\n") }

// End returns the line of the heading that ends the section of h, or the line
// after the last one of the page.
func (p *Page) End(h Heading) int {
	for _, next := range p.Headings {
		if next.Line > h.Line && next.Level <= h.Level {
			return next.Line
		}
	}
	return len(p.Lines) + 1
}

// take returns the directive for what comes next, and clears it.
func (p *Page) take() Directive {
	directive := p.pending
	p.pending = Directive{}
	return directive
}

// block reads the block that begins at line i, counted from 0, and returns the
// first line after it. comment, table and text do the same for the other parts
// of a page.
func (p *Page) block(i int) int {
	opening := fence.FindStringSubmatch(p.Lines[i])
	b := Block{Line: i + 1, Indent: opening[1], Language: opening[3], Directive: p.take()}
	for i++; i < len(p.Lines) && strings.TrimSpace(p.Lines[i]) != opening[2]; i++ {
		b.Text = append(b.Text, strings.TrimPrefix(p.Lines[i], b.Indent))
	}
	if i == len(p.Lines) {
		p.problem(b.Line, "this block has no end")
	}
	p.Blocks = append(p.Blocks, b)
	return i + 1
}

func (p *Page) comment(i int) int {
	first := i
	for i < len(p.Lines)-1 && !strings.Contains(p.Lines[i], "-->") {
		i++
	}
	text := strings.TrimSpace(strings.Join(p.Lines[first:i+1], " "))
	text = strings.TrimSuffix(strings.TrimPrefix(text, "<!--"), "-->")
	if text, found := strings.CutPrefix(strings.TrimSpace(text), "walkthrough:"); found {
		directive, err := parseDirective(text)
		if err != nil {
			p.problem(first+1, "%v", err)
		}
		directive.Line = first + 1
		p.pending = directive
	}
	return i + 1
}

func (p *Page) table(i int) int {
	t := Table{Line: i + 1, Directive: p.take()}
	for ; i < len(p.Lines) && strings.HasPrefix(p.Lines[i], "|"); i++ {
		p.prose[i] = p.Lines[i]
		cells := strings.Split(strings.Trim(p.Lines[i], "| "), "|")
		for n := range cells {
			cells[n] = strings.TrimSpace(cells[n])
		}
		if t.Directive.Words {
			p.words(i+1, cells[0])
		}
		t.Rows = append(t.Rows, cells)
	}
	if len(t.Rows) > 1 {
		t.Rows = append(t.Rows[:1], t.Rows[2:]...)
	}
	p.Tables = append(p.Tables, t)
	return i
}

// text reads one line, or the whole paragraph if there is a directive for it.
func (p *Page) text(i int) int {
	directive := p.take()
	switch {
	case directive.Words:
		for ; i < len(p.Lines) && strings.TrimSpace(p.Lines[i]) != ""; i++ {
			p.prose[i] = p.Lines[i]
			p.words(i+1, p.Lines[i])
		}
		return i
	case directive.Line > 0:
		p.problem(directive.Line, "this comment has no effect: no block or table follows")
	}
	p.prose[i] = p.Lines[i]
	if parts := heading.FindStringSubmatch(p.Lines[i]); parts != nil {
		p.Headings = append(p.Headings, Heading{i + 1, len(parts[1]), markup.ReplaceAllString(parts[2], "$1")})
	}
	return i + 1
}

func (p *Page) words(line int, text string) {
	for _, span := range code.FindAllStringSubmatch(text, -1) {
		p.Words = append(p.Words, Word{line, span[1]})
	}
}

func (p *Page) problem(line int, format string, args ...any) {
	p.Problems = append(p.Problems, Problem{p.Name, line, fmt.Sprintf(format, args...)})
}
