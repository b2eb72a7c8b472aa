package page

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"unicode"
)

var link = regexp.MustCompile(`\]\(([^)\s]+)(?: "[^"]*")?\)`)

// Link is a link of a page.
type Link struct {
	Line   int
	Target string
}

// Links returns the links in the text of a page.
func (p *Page) Links() []Link {
	var links []Link
	for i, line := range p.prose {
		for _, found := range link.FindAllStringSubmatch(code.ReplaceAllString(line, ""), -1) {
			links = append(links, Link{i + 1, found[1]})
		}
	}
	return links
}

// External reports whether the link leads out of the repository.
func (l Link) External() bool { return strings.Contains(l.Target, "://") }

// CheckLinks checks that links within the repository lead to files that exist
// below root, and to headings that exist.
func (p *Page) CheckLinks(root fs.FS) []Problem {
	c := checker{file: p.Name}
	for _, l := range p.Links() {
		if !l.External() {
			c.link(root, p, l)
		}
	}
	return c.problems
}

func (c *checker) link(root fs.FS, p *Page, l Link) {
	file, anchor, hasAnchor := strings.Cut(l.Target, "#")
	if file != "" {
		name := path.Join(path.Dir(p.Name), file)
		if _, err := fs.Stat(root, name); err != nil {
			c.add(l.Line, "there is no file %s", name)
			return
		}
		if !hasAnchor {
			return
		}
		text, _ := fs.ReadFile(root, name) // on an error, no heading is found
		p = Parse(name, string(text))
	}
	if !p.anchors()[anchor] {
		c.add(l.Line, "there is no heading for %s", l.Target)
	}
}

// anchors returns the anchors that GitHub gives the headings.
func (p *Page) anchors() map[string]bool {
	anchors := make(map[string]bool)
	for _, h := range p.Headings {
		name := slug(h.Text)
		for n, first := 1, name; anchors[name]; n++ {
			name = fmt.Sprintf("%s-%d", first, n)
		}
		anchors[name] = true
	}
	return anchors
}

func slug(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}
