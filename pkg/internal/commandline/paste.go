package commandline

import "strings"

// Assignment sets an environment variable.
type Assignment struct{ Name, Value string }

// Paste returns the lines that set environment variables in the shells of an
// operating system, one of [runtime.GOOS].
func Paste(system string, assignments ...Assignment) (lines []string) {
	each := func(format func(Assignment) string) {
		for _, a := range assignments {
			lines = append(lines, format(a))
		}
	}
	if system != "windows" {
		each(func(a Assignment) string { return "export " + a.Name + "=" + quote(a.Value, "$`\\\"!", `'\''`) })
		return lines
	}
	each(func(a Assignment) string { return "$env:" + a.Name + " = " + quote(a.Value, "$`\"", "''") })
	lines = append(lines, "", "or, in cmd:", "")
	each(func(a Assignment) string { return `set "` + a.Name + "=" + a.Value + `"` })
	return lines
}

// LastLine says which of the lines of a program that prints those of [Paste]
// last is to be pasted.
func LastLine(system string) string {
	if system == "windows" { // there is one for each shell
		return "the line for your shell"
	}
	return "the last line of its output"
}

// quote puts value in double quotes or, if it holds what is special there, in
// single ones. apostrophe stands for one in those.
func quote(value, special, apostrophe string) string {
	if !strings.ContainsAny(value, special) {
		return `"` + value + `"`
	}
	return "'" + strings.ReplaceAll(value, "'", apostrophe) + "'"
}
