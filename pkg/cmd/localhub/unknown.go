package main

import (
	"fmt"
	"strings"
)

// elsewhere is the answer to a command that belongs in a shell.
const elsewhere = "This is the window of the hub; type that in another one."

// shellWords are the beginnings of the tutorial's shell commands.
var shellWords = []string{"$", "bin/", `bin\`, "./", "export", "set", "go", "git", "cd", "createmodule", "updatemoduletwin", "receivemoduletwinpatch"}

// unknown returns the answer to a word that does not exist.
func (p *prompt) unknown(typed string) string {
	for _, shell := range shellWords {
		if typed == shell || strings.HasPrefix(typed, shell) && strings.ContainsAny(shell, `$/\`) {
			return elsewhere
		}
	}
	for _, w := range p.words {
		if isSlip(strings.ToLower(typed), w.name) {
			return fmt.Sprintf("There is no word %q. Did you mean %s?", typed, w.name)
		}
	}
	return fmt.Sprintf("There is no word %.40q. Type help for a list, or press Ctrl+C to end the hub.", typed)
}

// isSlip reports whether typed is word with one letter too many, missing or
// wrong, or with two adjacent letters swapped.
func isSlip(typed, word string) bool {
	for typed != "" && word != "" && typed[0] == word[0] {
		typed, word = typed[1:], word[1:]
	}
	for typed != "" && word != "" && typed[len(typed)-1] == word[len(word)-1] {
		typed, word = typed[:len(typed)-1], word[:len(word)-1]
	}
	swapped := len(typed) == 2 && len(word) == 2 && typed[0] == word[1] && typed[1] == word[0]
	return len(typed) <= 1 && len(word) <= 1 || swapped
}
