package page

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Directive is what the comment above a block or a table says:
//
//	<!-- walkthrough: terminal=hub until="ready" -->
type Directive struct {
	Line     int    // of the comment; 0 if there is none
	Terminal string // terminal=NAME: where the block is played
	Until    string // until=TEXT: the block ends with the line that holds TEXT, and the program runs on
	Exit     int    // exit=CODE: how the last command of the block ends
	Input    string // input=LINE: this line of the block is typed, not printed
	Only     string // only=local or only=azure: play the block with that kind of hub
	Skip     bool   // skip: show the block, do not play it
	File     string // file=NAME: where a block or table of Go code is taken from
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
	values := map[string]*string{"terminal": &d.Terminal, "until": &d.Until, "input": &d.Input, "only": &d.Only, "file": &d.File}
	switch {
	case name == "skip" && value == "":
		d.Skip = true
	case values[name] != nil && value != "":
		*values[name] = value
	case name == "exit":
		d.Exit, err = strconv.Atoi(value)
	default:
		err = fmt.Errorf("%s=%q is not known", name, value)
	}
	return err
}
