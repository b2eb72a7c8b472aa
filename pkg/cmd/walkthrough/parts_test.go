package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
)

// TestUnified checks that differences are shown as people expect.
func TestUnified(t *testing.T) {
	for _, c := range []struct{ name, shown, printed, want string }{
		{"nothing", "a b c", "a b c", ""},
		{"elision", "a … z", "a b c z", ""},
		{"elision of nothing", "a … z", "a z", ""},
		{"one of many", "a b c d e f g", "a b c x e f g", "    b|    c|  - d|  + x|    e|    f"},
		{"two far apart", "a b c d e f g h", "x b c d e f g y", "  - a|  + x|    b|    c|  …|    f|    g|  - h|  + y"},
		{"too much", "a b", "a x b", "    a|  + x|    b"},
		{"too little", "a x b", "a b", "    a|  - x|    b"},
		{"changed within an elision", "… version=1 …", "a version=2 b", "    …|  - version=1|  + version=2|    …"},
		{"gone within an elision", "… version=1 …", "a b", "    …|  - version=1|    …"},
	} {
		t.Run(c.name, func(t *testing.T) {
			shown, printed := strings.Fields(c.shown), strings.Fields(c.printed)
			got := strings.ReplaceAll(unified(shown, printed, align(shown, printed)), "\n", "|")
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestUpdateKeepsElisions checks that an elision is not written out because a
// line next to it has changed.
func TestUpdateKeepsElisions(t *testing.T) {
	p := playText(t, "~~~console\n$ bin/fake say a version=2 b\n…\nversion=1\n…\n~~~\n")
	if want := "```console\n$ bin/fake say a version=2 b\n…\nversion=2\n…\n```\n"; p.updated() != want {
		t.Errorf("updated:\n%s\nwant:\n%s", p.updated(), want)
	}
}

// workshop is a page that writes and changes files.
const workshop = `# Workshop

<!-- walkthrough: insert=hello/main.go after="println(1)" -->
~~~go
	println(2)
~~~

~~~console
$ go run ./hello
1
2
3
~~~

~~~console
$ mkdir ../mine
$ cd ../mine
~~~

<!-- walkthrough: save=go.mod -->
~~~
module mine
~~~

<!-- walkthrough: save=main.go -->
~~~go
package main

func main() { println("mine") }
~~~

~~~console
$ go run .
mine
~~~
`

// TestWorkshop changes and adds programs, and checks that the repository stays
// the same.
func TestWorkshop(t *testing.T) {
	const source = "package main\n\nfunc main() {\n\tprintln(1)\n\tprintln(3)\n}\n"
	for _, c := range []struct {
		name, old, new string
		problems       []string
	}{
		{"nothing", "", "", nil},
		{"no such line", "println(1)", "println(4)", []string{`page.md:4: hello/main.go: no line contains "println(4)"`}},
		{"more than one such line", "println(1)", "println", []string{`page.md:4: hello/main.go: more than one line contains "println"`}},
		{"no place", ` after="println(1)"`, "", []string{"page.md:4: hello/main.go: after= does not say where to insert"}},
		{"program that cannot be built", `println("mine")`, `prin("mine")`, []string{"page.md:34: the output differs", "page.md:33: the exit code is 1, not 0; nothing after it can be run"}},
		{"file that does not exist", "insert=hello/main.go", "insert=main.go", []string{"page.md:4: open "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var screen strings.Builder
			p := &player{page: page.Parse("page.md", strings.ReplaceAll(strings.Replace(workshop, c.old, c.new, 1), "~", "`")), screen: &screen, patience: patience}
			root := t.TempDir()
			hello := filepath.Join(root, "hello", "main.go")
			os.Mkdir(filepath.Dir(hello), 0o700)
			os.WriteFile(filepath.Join(root, "go.mod"), []byte("module m\n"), 0o600)
			os.WriteFile(hello, []byte(source), 0o600)
			var err error
			if p.sandbox, err = newSandbox(root); err != nil {
				t.Fatal(err)
			}
			defer p.sandbox.close()
			p.play(t.Context())
			var lines []string
			for _, problem := range p.problems {
				lines = append(lines, problem.String())
			}
			if !slices.EqualFunc(lines, c.problems, func(line, want string) bool { return strings.Contains(line, want) }) {
				t.Errorf("problems: %q, want %q", lines, c.problems)
			}
			const difference = "(insert into hello/main.go)\n   \tprintln(1)\n  +\tprintln(2)\n"
			if len(c.problems) == 0 && !strings.Contains(screen.String(), difference) {
				t.Errorf("the screen does not show the difference %q:\n%s", difference, &screen)
			}
			if text, err := os.ReadFile(hello); err != nil || string(text) != source {
				t.Error("the repository has changed")
			}
		})
	}
}

// TestOnly checks that only one section is shown and checked: earlier sections
// are played unseen, later ones not at all.
func TestOnly(t *testing.T) {
	const text = "# A\n~~~console\n$ bin/fake say wrong\nright\n~~~\n# B\n~~~console\n$ bin/fake say b\nc\n~~~\n# C\n~~~console\n$ bin/gone\n~~~\n"
	var screen strings.Builder
	p := newPlayer(t, text)
	p.only, p.screen = &p.page.Headings[1], &screen
	p.play(t.Context())
	if len(p.problems) != 1 || p.problems[0].Line != 9 {
		t.Errorf("problems: %v", p.problems)
	}
	if want := "\n# B\n\n$ bin/fake say b\n  b\n"; screen.String() != want {
		t.Errorf("the screen shows %q, want %q", screen.String(), want)
	}
}

// TestExternalLinks checks that of two links the dead one is reported.
func TestExternalLinks(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/here" {
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	p := page.Parse("page.md", fmt.Sprintf("[a](%[1]s/here)\n[b](%[1]s/gone) [c](gone.md)\n", server.URL))
	problems := checkExternal(t.Context(), []*page.Page{p})
	if len(problems) != 1 || problems[0].Line != 2 || !strings.Contains(problems[0].Text, "404") {
		t.Errorf("problems: %v", problems)
	}
}
