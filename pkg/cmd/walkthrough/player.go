package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
	"moduletwin/pkg/internal/terminal"
)

// player plays a document and collects what differs.
type player struct {
	doc      *page.Page
	world    *world
	screen   io.Writer
	dict     *dictionary
	patience time.Duration // for one step of a program

	prompts  map[string]*prompt
	problems []page.Problem
	edits    []edit
	played   []played
	reached  int // the line of the last heading shown
}

// buildPatience is the patience with the go command, which may have to fetch
// modules first.
const buildPatience = 10 * time.Minute

// prompt is a command prompt of the learner.
type prompt struct {
	name    string
	env     []string // what was set in it
	running *terminal.Program
}

// played is a step that was played.
type played struct {
	step    page.Step
	printed []string
}

// edit puts lines in place of those of an output, and so solves a problem.
type edit struct {
	line, count int
	indent      string
	lines       []string
	solves      page.Problem
}

// play plays all blocks in their order. After an error, the steps that follow
// would only wait in vain, so it is the end.
func (p *player) play(ctx context.Context) {
	p.prompts = make(map[string]*prompt)
	defer p.end()
	for _, block := range p.doc.Blocks {
		if block.Language != "console" || block.Directive.Skip || p.world.skips(block.Directive.Only) {
			continue
		}
		p.showHeadings(block.Line)
		for _, step := range block.Steps() {
			if err := p.step(ctx, block, step); err != nil {
				p.problem(step.Line, "%v", err)
				return
			}
		}
	}
	for name, t := range p.prompts {
		if t.running != nil {
			p.problem(len(p.doc.Lines), "at the end, a program still runs in the terminal %q", name)
		}
	}
}

// showHeadings shows the headings that a line stands under, each once.
func (p *player) showHeadings(line int) {
	var above []page.Heading
	for _, h := range p.doc.Headings {
		if h.Line > line {
			break
		}
		for len(above) > 0 && above[len(above)-1].Level >= h.Level {
			above = above[:len(above)-1]
		}
		above = append(above, h)
	}
	for _, h := range above {
		if h.Line > p.reached {
			fmt.Fprintf(p.screen, "\n%s %s\n", strings.Repeat("#", h.Level), h.Text)
			p.reached = h.Line
		}
	}
}

// end leaves nothing running.
func (p *player) end() {
	for _, t := range p.prompts {
		if t.running != nil {
			t.running.Kill()
		}
	}
}

func (p *player) problem(line int, format string, args ...any) {
	p.problems = append(p.problems, page.Problem{Line: line, Text: fmt.Sprintf(format, args...)})
}

func (p *player) prompt(name string) *prompt {
	if p.prompts[name] == nil {
		p.prompts[name] = &prompt{name: name}
	}
	return p.prompts[name]
}

// step plays one step and compares its output.
func (p *player) step(ctx context.Context, block page.Block, step page.Step) error {
	patience := p.patience
	if strings.HasPrefix(step.Text, "go ") {
		patience = buildPatience
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("nothing came for %v", patience))
	defer cancel()
	t := p.prompt(block.Directive.Terminal)
	p.announce(t, step)
	printed, code, err := p.act(ctx, t, step)
	for _, line := range printed {
		fmt.Fprintln(p.screen, strings.TrimRight("  "+mask(line), " "))
	}
	p.played = append(p.played, played{step, printed})
	failed := err != nil || code != step.Exit
	if err == nil && failed {
		p.problem(step.Line, "the exit code is %d, not %d", code, step.Exit)
	}
	p.compare(block, step, printed, !failed)
	return err
}

func (p *player) announce(t *prompt, step page.Step) {
	label := "\n"
	if t.name != "" {
		label = "\n[" + t.name + "] "
	}
	switch step.Action {
	case page.Run:
		command, _ := p.dict.command(mask(step.Text))
		fmt.Fprintf(p.screen, "%s$ %s\n", label, command)
	case page.Type:
		fmt.Fprintf(p.screen, "%s%s\n", label, step.Text)
	case page.Interrupt:
		fmt.Fprintf(p.screen, "%s^C\n", label)
	case page.Watch:
		fmt.Fprintf(p.screen, "%s…\n", label)
	}
}

// act does what the learner does and returns what is printed until the step
// is over, and the exit code of a program that ended.
func (p *player) act(ctx context.Context, t *prompt, step page.Step) (printed []string, code int, err error) {
	if step.Action == page.Run {
		if t.running != nil {
			return nil, 0, fmt.Errorf("a program still runs in the terminal %q", t.name)
		}
		if err := p.run(t, step.Text); err != nil || t.running == nil {
			return nil, 0, err
		}
	}
	if t.running == nil {
		return nil, 0, fmt.Errorf("no program runs in the terminal %q", t.name)
	}
	switch step.Action {
	case page.Type:
		err = t.running.Type(step.Text)
	case page.Interrupt:
		err = t.running.Interrupt()
	}
	if err != nil {
		return nil, 0, err
	}
	return p.await(ctx, t, step)
}

func (p *player) await(ctx context.Context, t *prompt, step page.Step) (printed []string, code int, err error) {
	last := func(line string) bool { return step.Until != "" && contains(p.dict.translate(line), step.Until) }
	printed, ended, err := t.running.Read(ctx, last)
	printed = dropNoise(printed)
	if err != nil {
		return printed, 0, err
	}
	if ended {
		code = t.running.ExitCode()
		t.running = nil
		if step.Until != "" {
			err = fmt.Errorf("the program ended with exit code %d and without %q", code, step.Until)
		}
	}
	return printed, code, err
}

// compare compares the output of a step; if that differs and the step
// succeeded, the new output is one for the document.
func (p *player) compare(block page.Block, step page.Step, printed []string, succeeded bool) {
	c := p.dict.compare(step.Output, printed)
	if c.wrong < 0 {
		return
	}
	line := step.OutputLine(c.wrong)
	if c.wrong == len(step.Output) && c.wrong > 0 {
		line-- // what is missing would come after the last line
	}
	p.problem(line, "%s", c)
	if succeeded {
		p.edits = append(p.edits, edit{step.OutputLine(0), len(step.Output), block.Indent, p.dict.update(c), p.problems[len(p.problems)-1]})
	}
}
