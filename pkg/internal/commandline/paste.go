package commandline

import "strings"

// Setting is an environment variable and what it is set to.
type Setting struct{ Name, Value string }

// Paste returns the lines that set environment variables in the shells of an
// operating system, one of [runtime.GOOS].
func Paste(system string, settings ...Setting) (lines []string) {
	each := func(format func(Setting) string) {
		for _, s := range settings {
			lines = append(lines, format(s))
		}
	}
	if system != "windows" {
		each(func(s Setting) string { return "export " + s.Name + "=" + quote(s.Value, "$`\\\"!", `'\''`) })
		return lines
	}
	each(func(s Setting) string { return "$env:" + s.Name + " = " + quote(s.Value, "$`\"", "''") })
	lines = append(lines, "", "or, in cmd:", "")
	each(func(s Setting) string { return `set "` + s.Name + "=" + s.Value + `"` })
	return lines
}

// quote puts value in double quotes or, if it holds what is special there, in
// single ones. apostrophe stands for one in those.
func quote(value, special, apostrophe string) string {
	if !strings.ContainsAny(value, special) {
		return `"` + value + `"`
	}
	return "'" + strings.ReplaceAll(value, "'", apostrophe) + "'"
}
