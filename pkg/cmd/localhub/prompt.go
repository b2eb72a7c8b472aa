package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"moduletwin/pkg/localhub"
)

// prompt carries out the words that are typed into the hub.
type prompt struct {
	hub   *localhub.Hub
	words []word // all there are: those of words.go
}

// word is a word that can be typed.
type word struct {
	name     string
	argument string // an example of what follows it; what is in brackets may be left out
	help     string

	// do carries it out and returns what to answer: half a sentence, or whole
	// lines.
	do func(p *prompt, arguments []string) (answer string, err error)
}

// maxLine is the size of the buffer for what is typed, and so how long a line
// may be; no id is a tenth of that.
const maxLine = 4096

// runPrompt answers each line that is typed, until there are no more: mostly,
// the error is [io.EOF].
func runPrompt(in *bufio.Reader, out io.Writer, hub *localhub.Hub) error {
	p := prompt{hub: hub, words: words}
	for {
		line, err := readLine(in)
		if err != nil {
			return err
		}
		io.WriteString(out, p.answer(line))
	}
}

// readLine returns the beginning of a line that is too long.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	text := string(line)
	for err == bufio.ErrBufferFull {
		_, err = r.ReadSlice('\n')
	}
	if err == io.EOF && text != "" {
		err = nil
	}
	return text, err
}

// answer carries out a line and returns what to print.
func (p *prompt) answer(line string) string {
	typed := strings.Fields(line)
	if len(typed) == 0 {
		return ""
	}
	for _, w := range p.words {
		if strings.EqualFold(w.name, typed[0]) {
			return w.answer(p, typed[1:])
		}
	}
	return p.unknown(typed[0]) + "\n"
}

func (w word) answer(p *prompt, arguments []string) string {
	answer, err := "", errUsage
	if w.takes(len(arguments)) {
		answer, err = w.do(p, arguments)
	}
	switch {
	case err == errUsage && w.argument == "":
		return w.name + ": type it alone, without anything after it\n"
	case err == errUsage:
		return fmt.Sprintf("%s: type it as in: %s\n", w.name, example.Replace(w.usage()))
	case err != nil:
		answer = err.Error()
	case strings.HasSuffix(answer, "\n"):
		return answer
	}
	return w.name + ": " + answer + "\n"
}

// errUsage says that the arguments are not what a word takes.
var errUsage = errors.New("wrong arguments")

// takes reports whether w may have n arguments.
func (w word) takes(n int) bool {
	most := len(strings.Fields(w.argument))
	return n <= most && n >= most-strings.Count(w.argument, "[")
}

func (w word) usage() string { return strings.TrimSpace(w.name + " " + w.argument) }

// example makes of a usage something to type.
var example = strings.NewReplacer("DEVICE", "myFirstDevice", "[MODULE]", "myFirstModule")

// help lists the words.
func (p *prompt) help([]string) (string, error) {
	var b strings.Builder
	b.WriteString("Words to type, one a line:\n")
	for _, w := range p.words {
		fmt.Fprintf(&b, "  %-24s %s\n", w.usage(), w.help)
	}
	return b.String(), nil
}
