package page

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

var (
	helpFlag = regexp.MustCompile(`(?m)^  -([a-z]+)\b`)
	flagWord = regexp.MustCompile(`^--?([a-z]+)(=|$)`)
	variable = regexp.MustCompile(`\bIOTHUB_[A-Z_]+\b`)
	program  = regexp.MustCompile(`^(?:bin[/\\]|\./(?:pkg/cmd/)?)?([a-z]+)(?:\.exe)?$`)
)

// CheckUsage checks that the flags and environment variables that pages name
// exist, and that all existing ones are named somewhere. help holds what each
// program prints for "-h".
func CheckUsage(pages []*Page, help map[string]string) []Problem {
	u := &usage{help: help, flags: make(map[string]map[string]bool), seen: make(map[string]bool)}
	for program, text := range help {
		u.flags[program] = map[string]bool{"h": true}
		for _, found := range helpFlag.FindAllStringSubmatch(text, -1) {
			u.flags[program][found[1]] = true
		}
	}
	for _, p := range pages {
		u.file = p.Name
		p.eachCode(u.code)
		for i, line := range p.Lines {
			u.variables(i+1, line)
		}
	}
	u.file = pages[0].Name
	u.unnamed()
	return u.problems
}

// eachCode calls f with every code span in the text and every command.
func (p *Page) eachCode(f func(line int, code string)) {
	for i, line := range p.prose {
		for _, span := range code.FindAllStringSubmatch(line, -1) {
			f(i+1, span[1])
		}
	}
	for _, b := range p.Blocks {
		for i, line := range b.Text {
			command, prompted := strings.CutPrefix(line, "$ ")
			if prompted || slices.Contains([]string{"sh", "powershell", "bat"}, b.Language) {
				f(b.Line+1+i, command)
			}
		}
	}
}

// usage compares pages with the help texts of programs.
type usage struct {
	checker
	help  map[string]string
	flags map[string]map[string]bool // by program
	seen  map[string]bool            // "program -flag", "-flag" for any program, and variables
}

// code checks the flags in one command, or a flag by itself.
func (u *usage) code(line int, text string) {
	current := ""
	for i, word := range strings.Fields(text) {
		name, flag := program.FindStringSubmatch(word), flagWord.FindStringSubmatch(word)
		switch {
		case current == "" && name != nil && u.flags[name[1]] != nil:
			current = name[1]
		case flag == nil:
		case current != "":
			u.seen[current+" -"+flag[1]] = true
			if !u.flags[current][flag[1]] {
				u.add(line, "%s has no flag -%s", current, flag[1])
			}
		case i == 0:
			u.seen["-"+flag[1]] = true
			if !u.isFlag(flag[1]) {
				u.add(line, "no program has a flag -%s", flag[1])
			}
		}
	}
}

func (u *usage) isFlag(name string) bool {
	for _, flags := range u.flags {
		if flags[name] {
			return true
		}
	}
	return false
}

func (u *usage) variables(line int, text string) {
	for _, name := range variable.FindAllString(text, -1) {
		u.seen[name] = true
		if !u.isVariable(name) {
			u.add(line, "no program knows the variable %s", name)
		}
	}
}

func (u *usage) isVariable(name string) bool {
	for _, text := range u.help {
		if slices.Contains(variable.FindAllString(text, -1), name) {
			return true
		}
	}
	return false
}

// unnamed reports flags and variables that exist but are not named on any page.
func (u *usage) unnamed() {
	for _, program := range slices.Sorted(maps.Keys(u.flags)) {
		for _, flag := range slices.Sorted(maps.Keys(u.flags[program])) {
			if flag != "h" && !u.seen["-"+flag] && !u.seen[program+" -"+flag] {
				u.add(1, "the flag -%s of %s is not explained anywhere", flag, program)
			}
		}
		for _, name := range variable.FindAllString(u.help[program], -1) {
			if !u.seen[name] {
				u.add(1, "the variable %s of %s is not explained anywhere", name, program)
			}
		}
	}
}
