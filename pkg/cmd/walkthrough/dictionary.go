package main

import (
	"crypto/rand"
	"regexp"
	"slices"
	"strings"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
)

func isElision(line string) bool { return line == page.Elision }

// dictionary translates between what the page shows and what is so in
// this run. Some things differ in a known way, such as the port of the hub;
// keys are learned as they are printed, so that a key which the page
// shows twice has to be the same both times, and can be copied into a
// command. Others, such as times, may just differ.
type dictionary struct {
	aliases []alias
	actual  map[string]string // key of this run by the page's
	shown   map[string]string // and the reverse
}

// alias is a fixed pair.
type alias struct{ shown, actual string }

// setAlias gives an alias, in place of the one that its shown half had.
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

// plain returns a line without what may differ and without secrets.
func plain(line string) string {
	line = strings.TrimRight(line, " ")
	if name, value, ok := page.Assignment(line); ok { // each shell has its own form
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

// mask returns a line without secrets.
func mask(line string) string { return keys.ReplaceAllLiteralString(line, "<KEY>") }

// translate returns a line of this run as the page would show it, but
// for keys.
func (d *dictionary) translate(line string) string {
	for _, a := range d.aliases {
		line = strings.ReplaceAll(line, a.actual, a.shown)
	}
	return line
}

// command returns a command of the page as it is to be given in this
// run. Keys in it that nothing has printed are unknown.
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

// learn notes which keys of two lines correspond, and reports whether that
// agrees with what is known.
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

// forPage returns a line of this run for use in the page. Keys that
// it does not show yet are made up: no real one gets into it.
func (d *dictionary) forPage(line string) string {
	return keys.ReplaceAllStringFunc(line, func(actual string) string {
		if d.shown[actual] == "" {
			invented := inventKey()
			d.shown[actual], d.actual[invented] = invented, actual
		}
		return d.shown[actual]
	})
}

// inventKey returns what looks like a key, and like an example to people.
func inventKey() string { return "Beispiel+Schluessel+" + rand.Text()[:22] + "A=" }
