package page

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// promptWord matches a word in the help of the local hub.
var promptWord = regexp.MustCompile(`(?m)^ +([a-z]+)\b`)

// CheckWords checks that every word which pages tell readers to type into the
// local hub exists, and that every existing word is mentioned on some page.
// prompt is what the hub prints for help.
func CheckWords(pages []*Page, prompt string) []Problem {
	untold := make(map[string]bool)
	for _, found := range promptWord.FindAllStringSubmatch(prompt, -1) {
		untold[found[1]] = true
	}
	known := maps.Clone(untold)
	c := checker{file: pages[0].Name}
	for _, p := range pages {
		c.file = p.Name
		for _, typed := range p.Words {
			word, _, _ := strings.Cut(typed.Text, " ")
			delete(untold, word)
			if !known[word] {
				c.add(typed.Line, "the local hub does not know the word %q", word)
			}
		}
	}
	c.file = pages[0].Name
	for _, word := range slices.Sorted(maps.Keys(untold)) {
		c.add(1, "the word %q of the local hub is not explained anywhere", word)
	}
	return c.problems
}
