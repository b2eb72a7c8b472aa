package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
)

// options say how to play the pages, as set by flags or tests.
type options struct {
	azure   bool          // play with the real hub of the environment
	update  bool          // rewrite the outputs that differ
	links   bool          // follow external links, too
	offline bool          // do not use the network
	only    string        // part of the heading of the only section to show and check; "" for all
	pause   time.Duration // before each step
	screen  io.Writer
	bin     string // where programs are built; "" for a folder in the sandbox
}

// tutorial is the page that is played first. It builds the programs.
const tutorial = "README.md"

// patience is the time limit for one step of a program.
const patience = 30 * time.Second

// walk is one run over all pages.
type walk struct {
	options
	root    string
	pages   []*page.Page // the tutorial comes first
	players []*player    // of the pages that are played
}

// newWalk reads the pages of the repository and makes a sandbox for each that
// is to be played. The method close removes the sandboxes.
func newWalk(root string, o options) (*walk, error) {
	w := &walk{options: o, root: root}
	var err error
	if w.pages, err = readPages(root); err != nil {
		return nil, err
	}
	for _, p := range w.pages {
		if err := w.add(p); err != nil {
			return nil, errors.Join(err, w.close())
		}
	}
	if len(w.players) == 0 {
		return nil, fmt.Errorf("there is nothing to run under a heading with %q", o.only)
	}
	return w, nil
}

// readPages reads all Markdown files of the repository.
func readPages(root string) ([]*page.Page, error) {
	var pages []*page.Page
	repository := os.DirFS(root)
	err := fs.WalkDir(repository, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", "bin", "testdata", "node_modules"}, entry.Name()):
			return fs.SkipDir
		case !strings.HasSuffix(name, ".md"):
			return nil
		}
		text, err := fs.ReadFile(repository, name)
		pages = append(pages, page.Parse(name, string(text)))
		return err
	})
	slices.SortStableFunc(pages, func(a, b *page.Page) int {
		switch {
		case a.Name == tutorial:
			return -1
		case b.Name == tutorial:
			return 1
		}
		return 0
	})
	return pages, err
}

// add adds a player for a page if there is something to play.
func (w *walk) add(p *page.Page) error {
	var only *page.Heading
	if w.only != "" {
		i := slices.IndexFunc(p.Headings, func(h page.Heading) bool { return strings.Contains(h.Text, w.only) })
		if i < 0 || len(w.players) > 0 {
			return nil
		}
		only = &p.Headings[i]
	}
	if !slices.ContainsFunc(p.Blocks, page.Block.Played) || w.azure && p.Name != tutorial {
		return nil
	}
	makeSandbox := newSandbox
	if w.azure {
		makeSandbox = newAzureSandbox
	}
	sandbox, err := makeSandbox(w.root)
	if err != nil {
		return err
	}
	if w.bin != "" {
		sandbox.bin = w.bin
	}
	w.players = append(w.players, &player{page: p, sandbox: sandbox, screen: w.screen, patience: patience, pause: w.pause, offline: w.offline, only: only})
	return nil
}

// run plays and checks the pages, and returns the problems. If a page cannot be
// played to its end, it stops there: many further problems would only be
// consequences.
func (w *walk) run(ctx context.Context) []page.Problem {
	var problems []page.Problem
	for _, p := range w.players {
		ended := p.play(ctx)
		problems = append(problems, p.problems...)
		if !ended {
			return problems
		}
	}
	if w.only == "" {
		problems = append(problems, w.check(ctx)...)
	}
	if w.links {
		problems = append(problems, checkExternal(ctx, w.pages)...)
	}
	page.Sort(problems)
	return problems
}

// check runs all checks that do not play a page.
func (w *walk) check(ctx context.Context) []page.Problem {
	facts, err := w.facts(ctx)
	problems := page.Check(w.pages, facts)
	if err != nil {
		problems = append(problems, page.Problem{File: tutorial, Line: 1, Text: err.Error()})
	}
	return problems
}

// rewrite rewrites the outputs that have changed. It returns their number and
// the problems that remain.
func (w *walk) rewrite(problems []page.Problem) (rewritten int, rest []page.Problem, err error) {
	for _, p := range w.players {
		if len(p.rewrites) == 0 {
			continue
		}
		file := filepath.Join(w.root, filepath.FromSlash(p.page.Name))
		if err := os.WriteFile(file, []byte(p.updated()), 0o644); err != nil {
			return rewritten, problems, err
		}
		rewritten += len(p.rewrites)
		problems = slices.DeleteFunc(problems, func(found page.Problem) bool {
			return slices.ContainsFunc(p.rewrites, func(r rewrite) bool { return r.solves == found })
		})
	}
	return rewritten, problems, nil
}

func (w *walk) steps() (n int) {
	for _, p := range w.players {
		n += len(p.played)
	}
	return n
}

// close removes the sandboxes and what they created on a real hub.
func (w *walk) close() error {
	var errs []error
	for _, p := range w.players {
		errs = append(errs, p.sandbox.close())
	}
	return errors.Join(errs...)
}
