package page

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Directive is what the comment above a block, a table or a paragraph says:
//
//	<!-- walkthrough: terminal=hub until="ready" -->
//
// The README.md of the walkthrough explains its parts to authors of pages.
type Directive struct {
	Line int // of the comment; 0 if there is none

	// How a console block is played.
	Terminal string // terminal=NAME: where it is played
	Until    string // until=TEXT: up to the line that contains TEXT; the program keeps running
	Exit     int    // exit=CODE: the exit code of its last command
	Input    string // input=LINE: this line is typed, not printed
	Only     string // only=local or only=azure: only with that kind of hub
	Skip     bool   // skip: it is not played

	// What else a block, table or paragraph is for.
	File   string // file=NAME: the Go code is an excerpt from that file
	Save   string // save=NAME: the block is saved as that file
	Insert string // insert=NAME: the block is inserted into that file
	After  string // after=TEXT: below the line that contains TEXT
	Words  bool   // words: code spans are to be typed into the local hub
}

var directivePart = regexp.MustCompile(`^\s*([a-z]+)(?:=(?:"([^"]*)"|([^\s"]+)))?(?:\s|$)`)

func parseDirective(text string) (d Directive, err error) {
	for strings.TrimSpace(text) != "" {
		part := directivePart.FindStringSubmatch(text)
		if part == nil {
			return d, fmt.Errorf("walkthrough comment: cannot read %q", strings.TrimSpace(text))
		}
		if err := d.set(part[1], part[2]+part[3]); err != nil {
			return d, fmt.Errorf("walkthrough comment: %w", err)
		}
		text = text[len(part[0]):]
	}
	return d, nil
}

func (d *Directive) set(name, value string) (err error) {
	words, values := d.fields()
	switch {
	case words[name] != nil && value == "":
		*words[name] = true
	case values[name] != nil && value != "":
		*values[name] = value
	case name == "exit":
		d.Exit, err = strconv.Atoi(value)
	default:
		err = fmt.Errorf("%s=%q is not known", name, value)
	}
	return err
}

// fields returns the fields by their names in comments, except "exit".
func (d *Directive) fields() (words map[string]*bool, values map[string]*string) {
	words = map[string]*bool{"skip": &d.Skip, "words": &d.Words}
	values = map[string]*string{
		"terminal": &d.Terminal, "until": &d.Until, "input": &d.Input, "only": &d.Only,
		"file": &d.File, "save": &d.Save, "insert": &d.Insert, "after": &d.After,
	}
	return words, values
}
