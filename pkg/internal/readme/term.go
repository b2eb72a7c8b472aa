package readme

import (
	"regexp"
	"strings"
)

// CheckTerms demands that the text uses the words of its glossary, a table
// whose first columns are the term and the English word for it. Neither the
// English word may stand in the text, nor one that the directive of the table
// rules out, nor the term with other hyphens. Code is not looked at, nor are
// sections marked as foreign.
func (d *Document) CheckTerms() []Problem {
	var problems checker
	var glossary []wrongWord
	inGlossary := make(map[int]bool)
	for _, t := range d.Tables {
		if t.Directive.Terms == "" {
			continue
		}
		glossary = append(glossary, wrongWords(t)...)
		for i := range len(t.Rows) + 1 {
			inGlossary[t.Line+i] = true
		}
	}
	for i, text := range d.ownWords() {
		if inGlossary[i+1] {
			continue
		}
		for _, wrong := range glossary {
			for _, found := range wrong.pattern.FindAllStringSubmatch(text, -1) {
				if !strings.EqualFold(found[1], wrong.term) {
					problems.add(i+1, "the glossary has %q for %q", wrong.term, found[1])
				}
			}
		}
	}
	return problems
}

// wrongWord is what must not stand for a term.
type wrongWord struct {
	term    string
	pattern *regexp.Regexp
}

func wrongWords(t Table) (words []wrongWord) {
	add := func(term, pattern string) {
		words = append(words, wrongWord{term, regexp.MustCompile(`(?i)(?:^|[^\pL])(` + pattern + `)(?:$|[^\pL])`)})
	}
	for _, row := range t.Rows[1:] {
		if !strings.ContainsAny(row[0], "- ") {
			add(row[0], strings.Join(strings.Split(row[0], ""), "[- ]?"))
		}
		add(row[0], anyForm(row[1]))
	}
	for entry := range strings.SplitSeq(t.Directive.Terms, ";") {
		term, wrong, _ := strings.Cut(entry, ":")
		for word := range strings.SplitSeq(wrong, ",") {
			add(strings.TrimSpace(term), anyForm(word))
		}
	}
	return words
}

// anyForm returns a pattern for a word, with hyphens and an "s", too.
func anyForm(word string) string {
	return strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(word)), " ", "[ -]") + "s?"
}

// ownWords returns the text without code, link targets and sections marked
// as foreign.
func (d *Document) ownWords() []string {
	own := make([]string, len(d.prose))
	headings, foreign := d.Headings, 0 // the level of the foreign section
	for i, line := range d.prose {
		if len(headings) > 0 && headings[0].Line == i+1 {
			if headings[0].Directive.Foreign {
				foreign = headings[0].Level
			} else if headings[0].Level <= foreign {
				foreign = 0
			}
			headings = headings[1:]
		}
		if foreign == 0 {
			own[i] = link.ReplaceAllString(code.ReplaceAllString(line, ""), "]")
		}
	}
	return own
}
