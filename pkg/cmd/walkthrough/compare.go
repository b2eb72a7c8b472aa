package main

import (
	"fmt"
	"slices"
	"strings"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
)

// comparison is what the document shows beside what was printed, as far as
// both have been brought into the document's terms.
type comparison struct {
	shown, printed []string
	partner        []int // of each shown line; -1 for none
	wrong          int   // the first shown line that differs; len(shown) if something is missing after it, -1 for none
	otherKey       bool  // the difference is a key only
}

// compare compares an output. Lines that are equal teach d their keys.
func (d *dictionary) compare(shown, printed []string) comparison {
	c := comparison{shown: shown, partner: make([]int, len(shown)), wrong: -1}
	for _, line := range printed {
		c.printed = append(c.printed, d.translate(line))
	}
	best := 0
	if !c.align(0, 0, &best) {
		c.wrong = best
		return c
	}
	for i, line := range shown {
		if c.partner[i] >= 0 && !d.learn(line, c.printed[c.partner[i]]) {
			c.wrong, c.otherKey = i, true
			return c
		}
	}
	return c
}

// align finds partners for the lines from i on among those printed from k
// on, and notes how far the best try got.
func (c *comparison) align(i, k int, best *int) bool {
	*best = max(*best, i)
	switch {
	case i == len(c.shown):
		return k == len(c.printed)
	case c.shown[i] == page.Elision:
		c.partner[i] = -1
		for ; k <= len(c.printed); k++ {
			if c.align(i+1, k, best) {
				return true
			}
		}
		return false
	case k == len(c.printed) || plain(c.shown[i]) != plain(c.printed[k]):
		return false
	}
	c.partner[i] = k
	return c.align(i+1, k+1, best)
}

// String describes the difference, without secrets.
func (c comparison) String() string {
	var b strings.Builder
	b.WriteString("the output differs")
	if c.otherKey {
		b.WriteString(": where the text repeats a key there is another, or where it shows another, there is the same")
	}
	b.WriteString("\n  the text shows:\n")
	for i, line := range c.shown {
		mark := "   "
		if i == c.wrong {
			mark = " > "
		}
		fmt.Fprintf(&b, "%s| %s\n", mark, plain(line))
	}
	if c.wrong == len(c.shown) {
		b.WriteString(" > (and nothing more)\n")
	}
	b.WriteString("  the program prints:\n")
	for _, line := range c.printed {
		fmt.Fprintf(&b, "   | %s\n", plain(line))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// update returns the output for the document: what was printed, but with the
// words of the document in every line that is right.
func (d *dictionary) update(c comparison) []string {
	d.learn(strings.Join(c.shown, "\n"), strings.Join(c.printed, "\n")) // keys stay, if there are as many as before
	lines := make([]string, 0, len(c.printed))
	rest := c.shown
	for _, printed := range c.printed {
		same := slices.IndexFunc(rest, func(shown string) bool {
			return plain(shown) == plain(printed) && d.learn(shown, printed)
		})
		if same < 0 {
			lines = append(lines, d.forDocument(printed))
			continue
		}
		lines, rest = append(lines, rest[same]), rest[same+1:]
	}
	return lines
}
