package main

import (
	"crypto/rand"
	"regexp"
	"slices"
	"strings"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
)

func isElision(line string) bool { return line == page.Elision }

// dictionary translates between what the page shows and what this run prints.
// Some things differ in a known way, such as the port of the hub. Keys are
// learned as they are printed: a key that the page shows twice has to be the
// same both times, and can be used in a command. Others, such as times, may
// differ freely.
type dictionary struct {
	aliases []alias
	actual  map[string]string // key of this run by the page's key
	shown   map[string]string // and the reverse
}

// alias is a text of the page and what stands for it in this run.
type alias struct{ shown, actual string }

// setAlias sets the alias of shown, replacing the one it had.
func (d *dictionary) setAlias(shown, actual string) {
	d.aliases = slices.DeleteFunc(d.aliases, func(a alias) bool { return a.shown == shown })
	d.aliases = append(d.aliases, alias{shown, actual})
}

func newDictionary(aliases ...alias) *dictionary {
	return &dictionary{aliases: aliases, actual: make(map[string]string), shown: make(map[string]string)}
}

var (
	keys    = regexp.MustCompile(`[A-Za-z0-9+/]{43}=`)
	varying = []struct {
		pattern *regexp.Regexp
		name    string
	}{
		{keys, "<KEY>"},
		{regexp.MustCompile(`http://localhost:\d+/\?token=([\w-]{24}|…)`), "<PORTAL>"},
		{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?`), "<TIME>"},
		{regexp.MustCompile(`\b\d\d:\d\d:\d\d(\.\d+)?\b`), "<TIME>"},
		{regexp.MustCompile(`\bAAAA[A-Za-z0-9+/]{4,}={0,2}`), "<ETAG>"},
		{regexp.MustCompile(`(127\.0\.0\.1|\[::1\]):\d+(, \[::1\]:\d+)?`), "<ADDRESS>"},
		{regexp.MustCompile(`\b\d+(\.\d+)?(ns|µs|ms|s)\b`), "<DURATION>"},
	}
)

// plain returns a line with placeholders for everything that may differ,
// secrets included.
func plain(line string) string {
	line = strings.TrimRight(line, " ")
	if name, value, ok := page.Assignment(line); ok { // each shell has its own syntax
		line = name + "=" + value
	}
	for _, v := range varying {
		line = v.pattern.ReplaceAllLiteralString(line, v.name)
	}
	return line
}

func plainAll(lines []string) []string {
	all := make([]string, len(lines))
	for i, line := range lines {
		all[i] = plain(line)
	}
	return all
}

// mask returns a line with a placeholder for each key.
func mask(line string) string { return keys.ReplaceAllLiteralString(line, "<KEY>") }

// translate returns a line of this run as the page would show it, except for
// keys.
func (d *dictionary) translate(line string) string {
	for _, a := range d.aliases {
		line = strings.ReplaceAll(line, a.actual, a.shown)
	}
	return line
}

// command returns a command of the page as it has to be entered in this run. It
// reports as unknown whether the command contains a key that has not been
// printed.
func (d *dictionary) command(text string) (actual string, unknown bool) {
	for _, a := range d.aliases {
		text = strings.ReplaceAll(text, a.shown, a.actual)
	}
	text = keys.ReplaceAllStringFunc(text, func(shown string) string {
		unknown = unknown || d.actual[shown] == ""
		return d.actual[shown]
	})
	return text, unknown
}

// learn records which keys of two lines correspond, and reports whether that
// agrees with what was recorded before.
func (d *dictionary) learn(shown, actual string) bool {
	ours, theirs := keys.FindAllString(shown, -1), keys.FindAllString(actual, -1)
	for i := range min(len(ours), len(theirs)) {
		known, ok := d.actual[ours[i]]
		other, taken := d.shown[theirs[i]]
		switch {
		case ok && known != theirs[i], taken && other != ours[i]:
			return false
		}
		d.actual[ours[i]], d.shown[theirs[i]] = theirs[i], ours[i]
	}
	return true
}

// forPage returns a line of this run for use on the page. It replaces keys that
// the page does not show yet by invented ones, so that no real key gets there.
func (d *dictionary) forPage(line string) string {
	return keys.ReplaceAllStringFunc(line, func(actual string) string {
		if d.shown[actual] == "" {
			invented := inventKey()
			d.shown[actual], d.actual[invented] = invented, actual
		}
		return d.shown[actual]
	})
}

// inventKey returns a key that has the right format but that people recognize
// as an example.
func inventKey() string { return "Beispiel+Schluessel+" + rand.Text()[:22] + "A=" }
