package main

import (
	"slices"
	"strings"
)

// comparison compares what the page shows with what was printed, translated
// into the page's terms.
type comparison struct {
	shown, printed []string
	pairs          []pair
	wrong          int  // the first shown line that differs, len(shown) if lines are missing at the end, -1 for none
	otherKey       bool // only a key differs
}

// compare compares the output of a step with the page. It learns the keys of
// lines that are equal.
func (d *dictionary) compare(shown, printed []string) comparison {
	c := comparison{shown: shown}
	for _, line := range printed {
		c.printed = append(c.printed, d.translate(line))
	}
	c.pairs = align(plainAll(c.shown), plainAll(c.printed))
	c.wrong = firstDifference(c.pairs)
	if c.wrong >= 0 {
		return c
	}
	for n, p := range c.pairs {
		if p.kind == same && !d.learn(c.shown[p.shown], c.printed[p.printed]) {
			c.wrong, c.otherKey, c.pairs[n].kind = p.shown, true, changed
			break
		}
	}
	return c
}

// firstDifference returns the first shown line that differs or before which a
// line is missing, or -1 if there is none.
func firstDifference(pairs []pair) int {
	next := 0
	for _, p := range pairs {
		switch p.kind {
		case changed, removed:
			return p.shown
		case added:
			return next
		}
		next = p.shown + 1
	}
	return -1
}

// String describes the difference, without secrets.
func (c comparison) String() string {
	title := "the output differs (- page, + program)"
	if c.otherKey {
		title = "a key differs: keys that are equal on the page have to be equal in the output, and different ones different"
	}
	return title + "\n" + unified(plainAll(c.shown), plainAll(c.printed), c.pairs)
}

// update returns the new output for the page: the lines that were printed, or
// the page's own lines where the two match.
func (d *dictionary) update(c comparison) []string {
	d.learn(strings.Join(c.shown, "\n"), strings.Join(c.printed, "\n")) // keeps the keys of the page if there are as many as before
	if slices.ContainsFunc(c.pairs, func(p pair) bool { return p.kind == removed }) {
		c = c.withoutElisions()
	}
	var lines []string
	for _, p := range c.pairs {
		switch {
		case p.kind == elided, p.kind == same && d.learn(c.shown[p.shown], c.printed[p.printed]):
			lines = append(lines, c.shown[p.shown])
		case p.printed >= 0:
			lines = append(lines, d.forPage(c.printed[p.printed]))
		}
	}
	return lines
}

// withoutElisions compares again without elisions: one of them may have matched
// the line that replaces a removed one.
func (c comparison) withoutElisions() comparison {
	c.shown = slices.DeleteFunc(slices.Clone(c.shown), isElision)
	c.pairs = align(plainAll(c.shown), plainAll(c.printed))
	return c
}
