package page_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
)

// root contains the files that the test documents refer to.
var root = fstest.MapFS{
	"LICENSE":      {Data: []byte("MIT\n")},
	"docs/more.md": {Data: []byte("## Another heading\n")},
	"hello/main.go": {Data: []byte(`package main

func main() {
	name := os.Args[1]
	if name == "" {
		return
	}
	greet(name)
}
`)},
}

// facts contains what the only program prints for -h, and the words of a hub.
var facts = page.Facts{Root: root, Prompt: `Words to type, one per line:
  block          keeps all out
  unblock        lets them in
`, Help: map[string]string{"hello": `Hello greets.

Flags:
  -loud
    	shout
  -name text
    	whom to greet

Environment:
  IOTHUB_CA_FILE
    	who can be trusted
`}}

// right is a document without mistakes. The tests change it line by line.
const right = `# Begrüßen
The program <hello>: flags ` + "`-name`, `-loud`" + `, variable IOTHUB_CA_FILE.
See [below](#größe--maß), [the licence](LICENSE), [Go](https://go.dev/#x).
[Elsewhere](docs/more.md#another-heading), [too](docs/more.md).

<!-- walkthrough: file=hello/main.go -->
~~~go
if name == "" {
// …
greet(name)
~~~

~~~console
$ export NAME="Anna"
$ bin/hello -name "Anna"
Hello!
~~~

~~~powershell
$env:NAME = "Anna"
bin\hello -name "Anna"
~~~

~~~bat
set "NAME=Anna"
~~~

## Größe & Maß

<!-- walkthrough: file=hello/main.go -->
| Python | Go |
|---|---|
| ~sys.argv[1]~ | ~os.Args[1]~, ~greet(…)~ |

## Danach

<!-- walkthrough: words -->
Type ~block 3~ and
then ~unblock~.

<!-- walkthrough: save=main.go -->
~~~go
package main
~~~

Ende.
`

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		line           int // with the problem
		problem        string
	}{
		{"nothing", "", "", 0, ""},

		{"another line of code", "greet(name)", "greet(nobody)", 10, "not what hello/main.go says: greet(nobody)"},
		{"lines of code in another order", "if name == \"\" {\n// …\ngreet(name)", "greet(name)\n// …\nif name == \"\" {", 10, "not what hello/main.go says"},
		{"code without a file", "<!-- walkthrough: file=hello/main.go -->\n~~~go", "\n~~~go", 7, "names no file"},
		{"file that is missing", "file=hello/main.go -->\n~~~go", "file=hello/gone.go -->\n~~~go", 6, "hello/gone.go"},
		{"code of a table", "~os.Args[1]~", "~os.Args[2]~", 33, "os.Args[2]"},
		{"code of a table with a gap", "~greet(…)~", "~greet(…]~", 33, "greet(…]"},

		{"dead anchor", "(#größe--maß)", "(#größe-maß)", 3, "no heading for #größe-maß"},
		{"heading renamed", "## Größe & Maß", "## Größen", 3, "no heading for #größe--maß"},
		{"dead file", "(LICENSE)", "(LICENCE)", 3, "no file LICENCE"},

		{"dead anchor of another file", "#another-heading", "#heading", 4, "no heading for docs/more.md#heading"},
		{"dead file in a folder", "(docs/more.md)", "(docs/less.md)", 4, "no file docs/less.md"},

		{"word that the hub does not know", "~block 3~", "~blocks 3~", 38, `does not know the word "blocks"`},
		{"word that is not explained", "~unblock~", "unblock", 1, `the word "unblock"`},

		{"other value in PowerShell", `$env:NAME = "Anna"`, `$env:NAME = "Otto"`, 20, `no such line: $env:NAME = "Otto"`},
		{"other name in PowerShell", `$env:NAME =`, `$env:NAMES =`, 20, "no such line"},
		{"variable missing in PowerShell", "$env:NAME = \"Anna\"\n", "", 19, "lacks"},
		{"other command in PowerShell", `bin\hello -name`, `bin\hello -loud`, 21, "no such line"},
		{"other value in cmd", `"NAME=Anna"`, `"NAME=anna"`, 25, "no such line"},

		{"flag renamed in a command", "bin/hello -name", "bin/hello -names", 15, "hello has no flag -names"},
		{"flag renamed in the text", "`-loud`", "`-quiet`", 2, "no program has a flag -quiet"},
		{"flag not explained", "`-name`, `-loud`", "`-name`", 1, "-loud of hello is not explained"},
		{"unknown variable", "variable IOTHUB_CA_FILE", "variable IOTHUB_CA_FILES", 2, "IOTHUB_CA_FILES"},
		{"variable not explained", "variable IOTHUB_CA_FILE", "variable", 1, "IOTHUB_CA_FILE of hello is not explained"},

		{"comment that cannot be read", "Ende.", "<!-- walkthrough: skipp -->", 46, `skipp=""`},
		{"comment that applies to nothing", "Ende.", "<!-- walkthrough: skip -->\nEnde.", 46, "has no effect"},
		{"block without an end", "Ende.", "~~~", 46, "has no end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(right, c.old) {
				t.Fatalf("there is no %q to change", c.old)
			}
			problems := page.Check([]*page.Page{parse(strings.Replace(right, c.old, c.new, 1))}, facts)
			if c.line == 0 {
				if len(problems) > 0 {
					t.Errorf("problems: %v", problems)
				}
				return
			}
			for _, p := range problems {
				if p.Line == c.line && strings.Contains(p.Text, c.problem) {
					return
				}
			}
			t.Errorf("problems: %v; want %q in line %d", problems, c.problem, c.line)
		})
	}
}

// parse parses a document in a Go string, in which ~ stands for a backquote.
func parse(text string) *page.Page {
	return page.Parse("page.md", strings.ReplaceAll(text, "~", "`"))
}
