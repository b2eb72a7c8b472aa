package commandline

import "strings"

// Assignment sets an environment variable.
type Assignment struct{ Name, Value string }

// Paste returns the lines to paste into a shell to set environment variables.
// system is the operating system, a value of [runtime.GOOS].
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

// LastLine says which line to paste from the output of a program that prints
// the lines of [Paste] last.
func LastLine(system string) string {
	if system == "windows" { // there is one for each shell
		return "the line for your shell"
	}
	return "the last line of its output"
}

// quote puts value in double quotes or, if it contains one of the special
// characters, in single quotes. There, apostrophe replaces each apostrophe.
func quote(value, special, apostrophe string) string {
	if !strings.ContainsAny(value, special) {
		return `"` + value + `"`
	}
	return "'" + strings.ReplaceAll(value, "'", apostrophe) + "'"
}
