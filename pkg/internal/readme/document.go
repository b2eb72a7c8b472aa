// Package readme reads a Markdown tutorial that is meant to be executed and
// checks what can be checked without running it.
//
// Blocks of the language "console" are commands and their output:
//
//	<!-- walkthrough: terminal=module until="press Ctrl-C" -->
//	```console
//	$ bin/receivemoduletwinpatch
//	Starting the IoT Hub Go sample...
//	IoTHubModuleClient waiting for commands, press Ctrl-C to exit
//	```
//
// The comment above a block steers it and is invisible to readers. It holds
// words and name="value" pairs; see [Directive].
package readme

import (
	"fmt"
	"regexp"
	"strings"
)

// Document is a Markdown file. Lines are counted from 1, as editors do.
type Document struct {
	Lines    []string
	Headings []Heading
	Blocks   []Block
	Tables   []Table
	Problems []Problem // what could not be read

	prose   []string  // Lines without blocks and comments, which are "" here
	pending Directive // of what comes next
}

// Heading is a heading of any level.
type Heading struct {
	Line      int
	Level     int
	Text      string // without markup
	Directive Directive
}

// Table is a table with a directive. Others are plain text.
type Table struct {
	Line      int // of the first row
	Directive Directive
	Rows      [][]string // with the one of names, without the one of dashes
}

// Block is a fenced block.
type Block struct {
	Line      int    // of the opening fence
	Indent    string // before the fence, as in a list
	Language  string
	Directive Directive
	Text      []string // without Indent
	Section   string   // the text of the nearest heading above
}

// Problem is something wrong with a line of a document.
type Problem struct {
	Line int
	Text string
}

var (
	fence   = regexp.MustCompile("^([ \t]*)(```+)([^` ]*)[^`]*$")
	heading = regexp.MustCompile(`^(#{1,6}) +(.*?)( +#+)?$`)
	markup  = regexp.MustCompile("[`*]|\\[([^]]*)\\]\\([^)]*\\)")
)

// Parse reads a Markdown text.
func Parse(text string) *Document {
	d := &Document{Lines: strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")}
	d.prose = make([]string, len(d.Lines))
	for i := 0; i < len(d.Lines); {
		switch line := strings.TrimSpace(d.Lines[i]); {
		case line == "":
			i++
		case strings.HasPrefix(line, "<!--"):
			i = d.comment(i)
		case fence.MatchString(d.Lines[i]):
			i = d.block(i)
		case strings.HasPrefix(line, "|") && d.pending.Line > 0:
			i = d.table(i)
		default:
			i = d.text(i)
		}
	}
	return d
}

// take returns the directive for what comes next, once.
func (d *Document) take() Directive {
	directive := d.pending
	d.pending = Directive{}
	return directive
}

// String returns the text of the document.
func (d *Document) String() string { return strings.Join(d.Lines, "\n") }

// block, like its siblings, reads what begins in line i, counted from 0, and
// returns the first line after it.
func (d *Document) block(i int) int {
	opening := fence.FindStringSubmatch(d.Lines[i])
	b := Block{Line: i + 1, Indent: opening[1], Language: opening[3], Directive: d.take(), Section: d.section()}
	for i++; i < len(d.Lines) && strings.TrimSpace(d.Lines[i]) != opening[2]; i++ {
		b.Text = append(b.Text, strings.TrimPrefix(d.Lines[i], b.Indent))
	}
	if i == len(d.Lines) {
		d.problem(b.Line, "this block has no end")
	}
	d.Blocks = append(d.Blocks, b)
	return i + 1
}

// section returns the text of the last heading so far.
func (d *Document) section() string {
	if len(d.Headings) == 0 {
		return ""
	}
	return d.Headings[len(d.Headings)-1].Text
}

func (d *Document) comment(i int) int {
	first := i
	for i < len(d.Lines)-1 && !strings.Contains(d.Lines[i], "-->") {
		i++
	}
	text := strings.TrimSpace(strings.Join(d.Lines[first:i+1], " "))
	text = strings.TrimSuffix(strings.TrimPrefix(text, "<!--"), "-->")
	if text, found := strings.CutPrefix(strings.TrimSpace(text), "walkthrough:"); found {
		directive, err := parseDirective(text)
		if err != nil {
			d.problem(first+1, "%v", err)
		}
		directive.Line = first + 1
		d.pending = directive
	}
	return i + 1
}

func (d *Document) table(i int) int {
	t := Table{Line: i + 1, Directive: d.take()}
	for ; i < len(d.Lines) && strings.HasPrefix(d.Lines[i], "|"); i++ {
		d.prose[i] = d.Lines[i]
		cells := strings.Split(strings.Trim(d.Lines[i], "| "), "|")
		for n := range cells {
			cells[n] = strings.TrimSpace(cells[n])
		}
		t.Rows = append(t.Rows, cells)
	}
	if len(t.Rows) > 1 {
		t.Rows = append(t.Rows[:1], t.Rows[2:]...)
	}
	d.Tables = append(d.Tables, t)
	return i
}

func (d *Document) text(i int) int {
	d.prose[i] = d.Lines[i]
	directive := d.take()
	if parts := heading.FindStringSubmatch(d.Lines[i]); parts != nil {
		d.Headings = append(d.Headings, Heading{i + 1, len(parts[1]), markup.ReplaceAllString(parts[2], "$1"), directive})
	} else if directive.Line > 0 {
		d.problem(directive.Line, "this comment steers nothing: no block, table or heading follows")
	}
	return i + 1
}

func (d *Document) problem(line int, format string, args ...any) {
	d.Problems = append(d.Problems, Problem{line, fmt.Sprintf(format, args...)})
}
