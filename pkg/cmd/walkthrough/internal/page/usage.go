package page

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

var (
	helpFlag = regexp.MustCompile(`(?m)^  -([a-z]+)\b`)
	flagWord = regexp.MustCompile(`^--?([a-z]+)(=|$)`)
	variable = regexp.MustCompile(`\bIOTHUB_[A-Z_]+\b`)
)

// CheckUsage demands that flags and variables that the document names exist,
// and that it names all that exist. help holds what each program prints for
// "-h".
func (p *Page) CheckUsage(help map[string]string) []Problem {
	u := &usage{help: help, flags: make(map[string]map[string]bool), seen: make(map[string]bool), first: make(map[string]int)}
	for program, text := range help {
		u.flags[program] = map[string]bool{"h": true}
		for _, found := range helpFlag.FindAllStringSubmatch(text, -1) {
			u.flags[program][found[1]] = true
		}
	}
	p.eachCode(u.code)
	for i, line := range p.Lines {
		u.variables(i+1, line)
	}
	u.unnamed()
	return u.problems
}

// eachCode calls f with every span of code in the text and every command.
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

// usage compares a document with the help of programs.
type usage struct {
	help     map[string]string
	flags    map[string]map[string]bool // by program
	seen     map[string]bool            // "program -flag", "-flag" for any program, and variables
	first    map[string]int             // the line that first names a program
	problems checker
}

// code reads one command, or a flag by itself.
func (u *usage) code(line int, text string) {
	program := ""
	for i, word := range strings.Fields(text) {
		name := strings.TrimSuffix(path.Base(strings.ReplaceAll(word, `\`, "/")), ".exe")
		flag := flagWord.FindStringSubmatch(word)
		switch {
		case u.flags[name] != nil:
			program = name
			if u.first[name] == 0 {
				u.first[name] = line
			}
		case flag == nil:
		case program != "":
			u.seen[program+" -"+flag[1]] = true
			if !u.flags[program][flag[1]] {
				u.problems.add(line, "%s has no flag -%s", program, flag[1])
			}
		case i == 0:
			u.seen["-"+flag[1]] = true
			if !u.isFlag(flag[1]) {
				u.problems.add(line, "no program has a flag -%s", flag[1])
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
			u.problems.add(line, "no program knows the variable %s", name)
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

// unnamed reports what exists and is not named, at the line that first names
// the program.
func (u *usage) unnamed() {
	for _, program := range slices.Sorted(maps.Keys(u.flags)) {
		line := max(1, u.first[program])
		for _, flag := range slices.Sorted(maps.Keys(u.flags[program])) {
			if flag != "h" && !u.seen["-"+flag] && !u.seen[program+" -"+flag] {
				u.problems.add(line, "the flag -%s of %s is not explained anywhere", flag, program)
			}
		}
		for _, name := range variable.FindAllString(u.help[program], -1) {
			if !u.seen[name] {
				u.problems.add(line, "the variable %s of %s is not explained anywhere", name, program)
			}
		}
	}
}
