package main

import (
	"strings"
)

// pair matches a line of the page with a line that was printed, by their
// indexes. One of the two may be missing (-1).
type pair struct {
	kind           rune // one of the following
	shown, printed int
}

const (
	same    = ' '
	changed = '~'
	removed = '-' // only on the page
	added   = '+' // only printed
	elided  = '…' // an elision on the page, which matches any number of lines
)

// The costs of differences. A line that has changed a little costs less than a
// missing one, so that it is paired with its new version even where an elision
// could match that.
const (
	costChanged = 2
	costMissing = 3
)

// alignment finds the cheapest way to pair lines.
type alignment struct {
	shown, printed []string
	costs          [][]int // of pairing shown[i:] and printed[k:]
}

// align pairs the lines of the page with those that were printed.
func align(shown, printed []string) []pair {
	a := alignment{shown, printed, make([][]int, len(shown)+1)}
	for i := len(shown); i >= 0; i-- {
		a.costs[i] = make([]int, len(printed)+1)
		for k := len(printed); k >= 0; k-- {
			a.costs[i][k] = a.cost(i, k)
		}
	}
	return a.pairs()
}

func (a alignment) cost(i, k int) int {
	switch {
	case i == len(a.shown):
		return costMissing * (len(a.printed) - k)
	case isElision(a.shown[i]) && k == len(a.printed):
		return a.costs[i+1][k]
	case isElision(a.shown[i]):
		return min(a.costs[i+1][k], a.costs[i][k+1])
	case k == len(a.printed):
		return costMissing + a.costs[i+1][k]
	case a.shown[i] == a.printed[k]:
		return a.costs[i+1][k+1]
	case similar(a.shown[i], a.printed[k]):
		return min(costChanged+a.costs[i+1][k+1], costMissing+a.costs[i+1][k], costMissing+a.costs[i][k+1])
	}
	return costMissing + min(a.costs[i+1][k], a.costs[i][k+1])
}

func (a alignment) pairs() []pair {
	var pairs []pair
	for i, k := 0, 0; i < len(a.shown) || k < len(a.printed); {
		p := pair{a.kind(i, k), i, k}
		switch p.kind {
		case same, changed:
			i, k = i+1, k+1
		case removed:
			p.printed, i = -1, i+1
		case added:
			p.shown, k = -1, k+1
		case elided:
			for a.costs[i+1][k] > a.costs[i][k] {
				k++
			}
			p.printed, i = -1, i+1
		}
		pairs = append(pairs, p)
	}
	return pairs
}

// kind returns the kind of the next pair, at lines i and k, on the cheapest
// way.
func (a alignment) kind(i, k int) rune {
	switch {
	case i == len(a.shown):
		return added
	case isElision(a.shown[i]):
		return elided
	case k == len(a.printed):
		return removed
	case a.shown[i] == a.printed[k]:
		return same
	case similar(a.shown[i], a.printed[k]) && a.costs[i][k] == costChanged+a.costs[i+1][k+1]:
		return changed
	case a.costs[i][k] == costMissing+a.costs[i+1][k]:
		return removed
	}
	return added
}

// similar reports whether the common beginning and end of two lines make up at
// least half of the longer one.
func similar(a, b string) bool {
	shorter, longer := min(len(a), len(b)), max(len(a), len(b))
	begin, end := 0, 0
	for begin < shorter && a[begin] == b[begin] {
		begin++
	}
	for end < shorter-begin && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	return 2*(begin+end) >= longer
}

// around is how many lines are shown before and after a difference.
const around = 2

// unified returns the differences in the form of a diff.
func unified(shown, printed []string, pairs []pair) string {
	var lines []string
	last := -1 // the last pair that is written
	for n, p := range pairs {
		if !nearDifference(pairs, n) {
			continue
		}
		if last >= 0 && n > last+1 {
			lines = append(lines, "  …")
		}
		last = n
		switch {
		case p.kind == same || p.kind == elided:
			lines = append(lines, "    "+shown[p.shown])
			continue
		case p.shown >= 0:
			lines = append(lines, "  - "+shown[p.shown])
		}
		if p.printed >= 0 {
			lines = append(lines, "  + "+printed[p.printed])
		}
	}
	return strings.Join(lines, "\n")
}

func nearDifference(pairs []pair, n int) bool {
	for _, p := range pairs[max(0, n-around):min(len(pairs), n+around+1)] {
		if p.kind != same && p.kind != elided {
			return true
		}
	}
	return false
}
