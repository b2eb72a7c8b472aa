package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"moduletwin/pkg/localhub"
)

// prompt executes the words that are typed into the hub.
type prompt struct {
	hub   *localhub.Hub
	words []word // all that exist, see words.go
}

// word is a command that can be typed into the hub.
type word struct {
	name     string
	argument string // its arguments, as shown in the help; those in brackets are optional
	help     string

	// do executes the word and returns the answer: either half a sentence,
	// which is printed after the name of the word, or whole lines.
	do func(p *prompt, arguments []string) (answer string, err error)
}

// maxLine is the size of the input buffer, and so the maximum length of a line.
// Ids are far shorter.
const maxLine = 4096

// runPrompt answers each line that is typed until reading fails, usually with
// [io.EOF] at the end of the input.
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

// readLine reads a line. It returns only the beginning of one that does not fit
// into the buffer.
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

// answer executes a line and returns what to print.
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
		return w.name + ": takes no arguments; type it alone\n"
	case err == errUsage:
		return fmt.Sprintf("%s: for example, type: %s\n", w.name, example.Replace(w.usage()))
	case err != nil:
		answer = err.Error()
	case strings.HasSuffix(answer, "\n"):
		return answer
	}
	return w.name + ": " + answer + "\n"
}

// errUsage says that a word was typed with the wrong arguments.
var errUsage = errors.New("wrong arguments")

// takes reports whether w can have n arguments.
func (w word) takes(n int) bool {
	most := len(strings.Fields(w.argument))
	return n <= most && n >= most-strings.Count(w.argument, "[")
}

func (w word) usage() string { return strings.TrimSpace(w.name + " " + w.argument) }

// example turns a usage into an example to type.
var example = strings.NewReplacer("DEVICE", "myFirstDevice", "[MODULE]", "myFirstModule")

// help lists the words.
func (p *prompt) help([]string) (string, error) {
	var b strings.Builder
	b.WriteString("Words to type, one per line:\n")
	for _, w := range p.words {
		fmt.Fprintf(&b, "  %-24s %s\n", w.usage(), w.help)
	}
	return b.String(), nil
}
