package main

import (
	"fmt"
	"strings"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
)

// showHeadings shows the headings of the sections that contain a line, each
// only once.
func (p *player) showHeadings(line int) {
	var above []page.Heading
	for _, h := range p.page.Headings {
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

// show shows the lines of a block that is not played in a terminal.
func (p *player) show(block page.Block, what string, lines []string) {
	p.showHeadings(block.Line)
	fmt.Fprintf(p.screen, "\n(%s)\n", what)
	for _, line := range lines {
		fmt.Fprintln(p.screen, strings.TrimRight("  "+line, " "))
	}
}

// inserted returns lines as an addition in a diff, below the line above them.
func inserted(above string, lines []string) []string {
	difference := []string{" " + above}
	for _, line := range lines {
		difference = append(difference, "+"+line)
	}
	return difference
}

// announce shows what the learner is about to do.
func (p *player) announce(t *prompt, step page.Step) {
	label := "\n"
	if t.name != "" {
		label = "\n[" + t.name + "] "
	}
	switch step.Action {
	case page.Run:
		command, _ := p.sandbox.dict.command(mask(step.Text))
		fmt.Fprintf(p.screen, "%s$ %s\n", label, command)
	case page.Type:
		fmt.Fprintf(p.screen, "%s%s\n", label, step.Text)
	case page.Interrupt:
		fmt.Fprintf(p.screen, "%s^C\n", label)
	case page.Watch:
		fmt.Fprintf(p.screen, "%s…\n", label)
	}
}
