package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
)

// buildPatience is the time limit for the go command, which may have to
// download modules first.
const buildPatience = 10 * time.Minute

// played is a step that was played.
type played struct {
	step    page.Step
	printed []string
}

// step plays one step and compares its output.
func (p *player) step(ctx context.Context, block page.Block, step page.Step) error {
	if err := p.wait(ctx); err != nil {
		return err
	}
	t := p.prompt(block.Directive.Terminal)
	p.announce(t, step)
	printed, code, err := p.act(ctx, t, step)
	for _, line := range printed {
		fmt.Fprintln(p.screen, strings.TrimRight("  "+mask(line), " "))
	}
	p.played = append(p.played, played{step, printed})
	p.compare(block, step, printed, err == nil && code == step.Exit)
	if err != nil || code == step.Exit {
		return err
	}
	if isGo(step) {
		return fmt.Errorf("the exit code is %d, not %d; nothing after it can be run", code, step.Exit)
	}
	p.problem(step.Line, "the exit code is %d, not %d", code, step.Exit)
	return nil
}

// wait pauses so that people can read what was shown so far.
func (p *player) wait(ctx context.Context) error {
	if p.screen == io.Discard || p.pause == 0 {
		return nil
	}
	select {
	case <-time.After(p.pause):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func isGo(step page.Step) bool {
	return step.Action == page.Run && strings.HasPrefix(step.Text, "go ")
}

// act does what the learner does. It returns what is printed until the step is
// over, and the exit code if the program ended.
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
	ctx, cancel := p.limit(ctx, step)
	defer cancel()
	last := func(line string) bool {
		return step.Until != "" && strings.Contains(plain(p.sandbox.dict.translate(line)), plain(step.Until))
	}
	printed, ended, err := t.running.Read(ctx, last)
	printed = dropNoise(printed)
	if err != nil {
		return printed, 0, err
	}
	p.sandbox.learnHub(printed)
	if ended {
		code = t.running.ExitCode()
		t.running = nil
		if step.Until != "" {
			err = fmt.Errorf("the program ended with exit code %d and without %q", code, step.Until)
		}
	}
	return printed, code, err
}

// limit returns a context that ends a step which takes too long. Its cause says
// what the step was waiting for.
func (p *player) limit(ctx context.Context, step page.Step) (context.Context, context.CancelFunc) {
	patience := p.patience
	if isGo(step) {
		patience = buildPatience
	}
	awaited := "the end of the program"
	if step.Until != "" {
		awaited = fmt.Sprintf("a line with %q", step.Until)
	}
	return context.WithTimeoutCause(ctx, patience, fmt.Errorf("waited %v in vain for %s", patience, awaited))
}

// compare compares the output of a step with the page. A difference is a
// problem; if the step succeeded, the new output can be written to the page.
func (p *player) compare(block page.Block, step page.Step, printed []string, succeeded bool) {
	c := p.sandbox.dict.compare(step.Output, printed)
	if c.wrong < 0 || p.isBefore(block) {
		return
	}
	line := step.OutputLine(c.wrong)
	if c.wrong == len(step.Output) && c.wrong > 0 {
		line-- // what is missing would come after the last line
	}
	p.problem(line, "%s", c)
	if succeeded {
		p.rewrites = append(p.rewrites, rewrite{step.OutputLine(0), len(step.Output), block.Indent, p.sandbox.dict.update(c), p.problems[len(p.problems)-1]})
	}
}
