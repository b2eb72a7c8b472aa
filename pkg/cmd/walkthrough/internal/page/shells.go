package page

import (
	"regexp"
	"slices"
	"strings"
)

// CheckShells checks that blocks for PowerShell ("powershell") and the Windows
// command prompt ("bat") match the block for bash above them: they contain no
// other lines, and set all variables that are set there.
func (p *Page) CheckShells() []Problem {
	c := checker{file: p.Name}
	var bash []string
	for _, b := range p.Blocks {
		switch b.Language {
		case "console", "sh":
			bash = b.commands()
		case "powershell", "bat":
			c.neighbour(b, bash)
		}
	}
	return c.problems
}

func (c *checker) neighbour(b Block, bash []string) {
	var here []string
	for i, line := range b.Text {
		command := Plain(line)
		here = append(here, command)
		if !slices.Contains(bash, command) {
			c.add(b.Line+1+i, "the block for bash above has no such line: %s", line)
		}
	}
	for _, command := range bash {
		if assignment.MatchString(command) && !slices.Contains(here, command) {
			c.add(b.Line, "this block lacks what the block for bash above has: %s", command)
		}
	}
}

// commands returns the commands of a console block, or all lines of any other,
// in the form of [Plain].
func (b Block) commands() []string {
	var commands []string
	for _, line := range b.Text {
		command, prompted := strings.CutPrefix(line, "$ ")
		if prompted || b.Language != "console" {
			commands = append(commands, Plain(command))
		}
	}
	return commands
}

// assigning lists the forms in which shells set a variable; assignment is the
// one that Plain gives them.
var (
	assigning = []*regexp.Regexp{
		regexp.MustCompile(`^export ([A-Za-z_]+)="([^"]*)"$`),
		regexp.MustCompile(`^\$env:([A-Za-z_]+) = "([^"]*)"$`),
		regexp.MustCompile(`^set "([A-Za-z_]+)=([^"]*)"$`),
	}
	assignment = regexp.MustCompile(`^[A-Za-z_]+=`)
)

// Assignment parses a command that sets a variable in any of the shells.
func Assignment(command string) (name, value string, ok bool) {
	for _, form := range assigning {
		if parts := form.FindStringSubmatch(command); parts != nil {
			return parts[1], parts[2], true
		}
	}
	return "", "", false
}

// Plain returns a command of any of the shells in a common form.
func Plain(command string) string {
	if name, value, ok := Assignment(command); ok {
		return name + "=" + value
	}
	return strings.ReplaceAll(command, `\`, "/")
}
