package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
)

// TestMain makes the test binary a second program: under the name "fake", it is
// one for pages to run.
func TestMain(m *testing.M) {
	if strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") == "fake" {
		os.Exit(fake(os.Args[1], os.Args[2:]))
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0") // otherwise each program ends a second later under the race detector
	os.Exit(m.Run())
}

// fake does what it is told.
func fake(what string, args []string) int {
	switch what {
	case "say": // each argument is a line
		fmt.Println(strings.Join(args, "\n"))
	case "key": // the key of a name; each run has other keys
		key := sha256.Sum256([]byte(args[0] + os.Getenv("RUN")))
		fmt.Println("key = " + base64.StdEncoding.EncodeToString(key[:]))
	case "fail":
		code, _ := strconv.Atoi(args[0])
		return code
	case "variable":
		fmt.Println(os.Getenv(args[0]))
	case "serve": // echoes what is typed, until Ctrl+C
		interrupts := make(chan os.Signal, 1)
		signal.Notify(interrupts, os.Interrupt)
		fmt.Println("HostName=localhost:4711")
		fmt.Println("ready")
		go func() {
			for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
				fmt.Println("heard " + lines.Text())
			}
		}()
		<-interrupts
		fmt.Println("bye")
		return 3
	}
	return 0
}

// playText plays a page and returns its player.
func playText(t *testing.T, text string) *player {
	t.Helper()
	p := newPlayer(t, text)
	p.play(t.Context())
	return p
}

// newPlayer returns a player for a page with ~ for backquotes, whose only
// program is bin/fake.
func newPlayer(t *testing.T, text string) *player {
	t.Helper()
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := "fake"
	if strings.HasSuffix(self, ".exe") {
		name += ".exe"
	}
	copyFile(t, self, filepath.Join(bin, name))
	return &player{
		page: page.Parse("page.md", strings.ReplaceAll(text, "~", "`")),
		sandbox: &sandbox{
			root: bin, folder: t.TempDir(), bin: bin, env: append(os.Environ(), "RUN="+t.Name()), edited: make(map[string]string),
			dict: newDictionary(alias{shownHost, "localhost:0"}),
		},
		screen:   io.Discard,
		patience: patience,
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	if os.Link(from, to) == nil {
		return
	}
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
}

const (
	keyA = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
	keyB = "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="
)

// example is a page without mistakes.
const example = `# One

<!-- walkthrough: terminal=server until=ready -->
~~~console
$ bin/fake serve
HostName=localhost:8883
ready
~~~

~~~console
$ export GREETING="good day"
$ bin/fake variable GREETING
good day
$ bin/fake say "at localhost:8883" "on 2026-11-24T00:17:05Z" last
at localhost:8883
on 2021-01-01T10:00:00.5Z
last
$ bin/fake key anna
key = ` + keyA + `
$ bin/fake key otto
key = ` + keyB + `
$ bin/fake key anna
key = ` + keyA + `
~~~

## Two

<!-- walkthrough: terminal=server input="hello you" until="heard hello" -->
~~~console
hello you
heard hello you
~~~

<!-- walkthrough: exit=4 -->
~~~console
$ bin/fake fail 4
~~~

   <!-- walkthrough: -->
   ~~~console
   $ bin/fake say one two three
   …
   three
   ~~~

<!-- walkthrough: skip -->
~~~console
$ bin/missing
~~~

<!-- walkthrough: only=azure -->
~~~console
$ bin/missing
~~~

<!-- walkthrough: terminal=server exit=3 -->
~~~console
^C
bye
~~~
`

func TestPlay(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		line           int // with the problem
		problem        string
	}{
		{"nothing", "", "", 0, ""},
		{"wrong word", "good day\n$", "good night\n$", 13, "the output differs"},
		{"wrong word of a program that runs on", "heard hello you", "heard hello me", 31, "the output differs"},
		{"wrong word after Ctrl+C", "^C\nbye", "^C\ngoodbye", 59, "the output differs"},
		{"line too many", "\nlast\n", "\nlast\nafterwards\n", 18, "the output differs"},
		{"line too few", "\nlast\n", "\n", 16, "+ last"},
		{"wrong word after an elision", "   …\n   three", "   …\n   four", 43, "the output differs"},
		{"not a time", "on 2021-01-01T10:00:00.5Z", "on 2021-01-01", 16, "the output differs"},
		{"another port", "at localhost:8883\n", "at localhost:8884\n", 15, "the output differs"},
		{"another key in place of the same", keyA + "\n~~~", keyB + "\n~~~", 23, "key"},
		{"the same key in place of another", keyB, keyA, 21, "key"},
		{"key out of nowhere", "$ bin/fake fail 4", "$ bin/fake fail " + keyA[1:20] + "B" + keyA[20:], 36, "was not printed before"},
		{"unexpected failure", "exit=4", "exit=0", 36, "the exit code is 4, not 0"},
		{"expected failure", "fake fail 4", "fake fail 0", 36, "the exit code is 0, not 4"},
		{"program that does not exist", "bin/fake fail 4", "bin/gone", 36, "gone"},
		{"command that needs a shell", "fake fail 4", "fake fail 4 | cat", 36, "needs a shell"},
		{"unknown command", "bin/fake fail 4", "fake fail 4", 36, "only bin/…, go, cd and mkdir"},
		{"text that does not come", "~~~console\n$ bin/fake fail", "~~~console\n$ bin/fake say a\n$ bin/fake fail", 37, "the output differs"},
		{"program that ends too soon", "exit=4", "until=ready", 36, "ended"},
		{"busy terminal", "<!-- walkthrough: exit=4 -->", "<!-- walkthrough: terminal=server -->", 36, "still runs"},
		{"nothing runs", "terminal=server input", "terminal=client input", 30, "no program runs"},
		{"program that is left running", "^C\nbye", "$ bin/fake say", 58, "still runs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(example, c.old) {
				t.Fatalf("there is no %q to change", c.old)
			}
			p := playText(t, strings.Replace(example, c.old, c.new, 1))
			if c.line == 0 {
				if len(p.problems) > 0 || p.updated() != p.page.String() {
					t.Errorf("problems: %v", p.problems)
				}
				return
			}
			for _, problem := range p.problems {
				if strings.Contains(problem.Text, keyA) || strings.Contains(problem.Text, "= "+keyB) {
					t.Error("a key is shown")
				}
				if problem.Line == c.line && strings.Contains(problem.Text, c.problem) {
					return
				}
			}
			t.Errorf("problems: %v; want %q in line %d", p.problems, c.problem, c.line)
		})
	}
}

// TestUpdate changes a page in two places and checks that updating repairs it.
func TestUpdate(t *testing.T) {
	changed := strings.Replace(example, "good day\n$", "good night\nand more\n$", 1)
	changed = strings.Replace(changed, "   …\n   three\n", "   four\n", 1)
	p := playText(t, changed)
	want := strings.Replace(example, "   …\n", "   one\n   two\n", 1)
	if got := strings.ReplaceAll(p.updated(), "`", "~"); got != want {
		t.Errorf("updated:\n%s\nwant:\n%s", got, want)
	}
}

// TestUpdateKeepsKeysOut checks that a key that was printed for the first time
// does not get into the page.
func TestUpdateKeepsKeysOut(t *testing.T) {
	p := playText(t, "~~~console\n$ bin/fake key anna\n$ bin/fake key anna\n~~~\n")
	updated := keys.FindAllString(p.updated(), -1)
	printed := keys.FindString(p.played[0].printed[0])
	if len(updated) != 2 || updated[0] != updated[1] || updated[0] == printed {
		t.Error("the page should show one invented key twice")
	}
}

// TestUpdateKeepsKeysIn checks that a key of the page stays when the words
// around it change: later commands may use it.
func TestUpdateKeepsKeysIn(t *testing.T) {
	shown := inventKey()
	p := playText(t, "~~~console\n$ bin/fake key anna\nanother word = "+shown+"\n$ bin/fake say "+shown+"\n"+shown+"\n~~~\n")
	if updated := p.updated(); strings.Contains(updated, "another") || strings.Count(updated, shown) != 3 {
		t.Error("the key did not stay")
	}
}
