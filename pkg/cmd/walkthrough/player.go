package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
	"moduletwin/pkg/internal/terminal"
)

// player plays a page and collects the differences.
type player struct {
	page     *page.Page
	sandbox  *sandbox
	screen   io.Writer
	patience time.Duration // time limit for one step of a program
	pause    time.Duration // before each step
	offline  bool          // do not use the network
	only     *page.Heading // show and check only this section; nil for all

	prompts  map[string]*prompt
	problems []page.Problem
	rewrites []rewrite
	played   []played
	reached  int // the line of the last heading shown
}

// prompt is a command prompt of the learner.
type prompt struct {
	name    string
	dir     string
	env     []string // variables that were set in it
	running *terminal.Program
}

// play plays all blocks in order, and reports whether it reached the end. It
// stops at the first error, because the steps that follow would only wait in
// vain.
func (p *player) play(ctx context.Context) (ended bool) {
	p.prompts = make(map[string]*prompt)
	defer p.end()
	for _, block := range p.page.Blocks {
		if block.Directive.Skip || p.sandbox.skips(block.Directive.Only) {
			continue
		}
		if p.only != nil && block.Line >= p.page.End(*p.only) {
			return true
		}
		if line, err := p.block(ctx, block); err != nil {
			p.problem(line, "%v", err)
			return false
		}
	}
	for name, t := range p.prompts {
		if t.running != nil {
			p.problem(len(p.page.Lines), "at the end, a program still runs in the terminal %q", name)
		}
	}
	return true
}

// block plays one block; line is where an error occurred.
func (p *player) block(ctx context.Context, block page.Block) (line int, err error) {
	if p.isBefore(block) {
		defer func(screen io.Writer) { p.screen = screen }(p.screen)
		p.screen = io.Discard
	}
	d := block.Directive
	switch {
	case d.Save != "":
		p.show(block, "save as "+d.Save, block.Text)
		return block.Line, p.sandbox.save(p.prompt(d.Terminal), d.Save, block.Text)
	case d.Insert != "":
		above, err := p.sandbox.insert(d.Insert, d.After, block.Text)
		if err == nil {
			p.show(block, "insert into "+d.Insert, inserted(above, block.Text))
		}
		return block.Line, err
	case block.Language != "console":
		return 0, nil
	}
	p.showHeadings(block.Line)
	for _, step := range block.Steps() {
		if err := p.step(ctx, block, step); err != nil {
			return step.Line, err
		}
	}
	return 0, nil
}

// isBefore reports whether a block comes before the section to show. It is
// played only because that section may depend on it.
func (p *player) isBefore(block page.Block) bool { return p.only != nil && block.Line < p.only.Line }

// end kills all programs that are still running.
func (p *player) end() {
	for _, t := range p.prompts {
		if t.running != nil {
			t.running.Kill()
		}
	}
}

func (p *player) problem(line int, format string, args ...any) {
	p.problems = append(p.problems, page.Problem{File: p.page.Name, Line: line, Text: fmt.Sprintf(format, args...)})
}

func (p *player) prompt(name string) *prompt {
	if p.prompts[name] == nil {
		p.prompts[name] = &prompt{name: name, dir: p.sandbox.root}
	}
	return p.prompts[name]
}
