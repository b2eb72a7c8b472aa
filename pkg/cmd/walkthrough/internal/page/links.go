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

// CheckLinks demands that what relative links lead to exists: files below
// root, and anchors in the document itself.
func (p *Page) CheckLinks(root fs.FS) []Problem {
	var problems checker
	anchors := p.anchors()
	for i, line := range p.prose {
		for _, target := range link.FindAllStringSubmatch(code.ReplaceAllString(line, ""), -1) {
			file, anchor, hasAnchor := strings.Cut(target[1], "#")
			switch {
			case strings.Contains(file, "://"):
			case file != "":
				if _, err := fs.Stat(root, path.Clean(file)); err != nil {
					problems.add(i+1, "there is no file %s", file)
				}
			case hasAnchor && !anchors[anchor]:
				problems.add(i+1, "there is no heading for #%s", anchor)
			}
		}
	}
	return problems
}

// anchors returns the names that GitHub gives the headings.
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
