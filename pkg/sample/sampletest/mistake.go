package sampletest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Mistake is something that learners get wrong, and what the program says then.
type Mistake struct {
	Name string
	Args []string
	Env  func(t *testing.T) Env
	Code int
	Says string // on standard error, in one or two lines: what, why, what to do
}

// Set returns the Env of a Mistake that needs only one variable.
func Set(name, value string) func(*testing.T) Env {
	return func(*testing.T) Env { return Env{name: value} }
}

// SetHub is Set for the connection string of the service side.
func SetHub(value string) func(*testing.T) Env { return Set("IOTHUB_CONNECTION_STRING", value) }

// MakeMistakes makes each mistake and checks the program's response, which must
// never contain a key or a token.
func MakeMistakes(t *testing.T, mistakes []Mistake) {
	for _, m := range mistakes {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			got := Run(t, m.Env(t), m.Args...)
			stderr := Plain(got.Stderr)
			if got.Code != m.Code || !matches(stderr, m.Says) {
				t.Errorf("exit code %d, want %d; it printed\n%s\nwant\n%s", got.Code, m.Code, stderr, m.Says)
			}
			if n := strings.Count(stderr, "\n"); n > 1 {
				t.Errorf("%d lines, want one or two", n+1)
			}
			if got.Code == 2 && got.Stdout != "" {
				t.Errorf("it started before it checked its arguments and environment, and printed\n%s", Masked(got.Stdout))
			}
			if secret.MatchString(got.Stderr) {
				t.Error("it printed a secret")
			}
		})
	}
}

// troubleshooting is the page with the messages that learners look up, relative
// to a program's folder.
var troubleshooting = filepath.Join("..", "pkg", "docs", "fehlersuche.md")

// quote matches a message on that page.
var quote = regexp.MustCompile("(?m)^```text\n((?s:.*?))\n```$")

// CheckTroubleshooting checks that each message of the program on the
// troubleshooting page is printed for one of the mistakes or is one of others.
// There, too, "…" stands for what differs.
func CheckTroubleshooting(t *testing.T, program string, mistakes []Mistake, others ...string) {
	t.Helper()
	text, err := os.ReadFile(troubleshooting)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mistakes {
		others = append(others, m.Says)
	}
	quotes := 0
	for _, found := range quote.FindAllStringSubmatch(strings.ReplaceAll(string(text), "\r\n", "\n"), -1) {
		if !strings.HasPrefix(found[1], program+": ") {
			continue
		}
		quotes++
		if !matchesAny(others, found[1]) {
			t.Errorf("%s: no mistake leads to this message:\n%s", troubleshooting, found[1])
		}
	}
	if quotes == 0 {
		t.Errorf("%s has no message of %s", troubleshooting, program)
	}
}

func matchesAny(texts []string, want string) bool {
	for _, text := range texts {
		if matches(text, want) {
			return true
		}
	}
	return false
}

// matches reports whether text is as wanted, where "…" stands for what differs
// between systems and versions of Go.
func matches(text, want string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*")
	return regexp.MustCompile("(?s)^" + pattern + "$").MatchString(text)
}

var (
	secret   = regexp.MustCompile(`[A-Za-z0-9+/]{40,}={0,2}|sig=|sr=`)
	loopback = regexp.MustCompile(`(127\.0\.0\.1|localhost|\[::1\]):\d+`)
	slow     = regexp.MustCompile(`(?m)^.*: no answer yet, waiting up to .* more\n(Something is listening there, .*\n)?`) // on a busy machine
)

// Plain returns a message without what differs from run to run.
func Plain(message string) string {
	message = slow.ReplaceAllString(strings.ReplaceAll(message, "\r\n", "\n"), "")
	return strings.TrimSpace(loopback.ReplaceAllString(message, "$1:8883"))
}

// Masked returns output without secrets, for the messages of tests.
func Masked(output string) string { return secret.ReplaceAllString(output, "<KEY>") }
