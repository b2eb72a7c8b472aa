package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// save saves a block of the page as a file in the folder of a prompt.
func (s *sandbox) save(t *prompt, name string, lines []string) error {
	return os.WriteFile(s.path(t.dir, name), []byte(strings.Join(lines, "\n")+"\n"), 0o600)
}

// insert inserts a block of the page into a copy of a file of the repository,
// below the only line that contains the text after. It returns that line.
func (s *sandbox) insert(name, after string, lines []string) (above string, err error) {
	file := filepath.Join(s.root, filepath.FromSlash(name))
	if s.edited[file] != "" {
		return "", fmt.Errorf("%s is edited twice", name)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	text := strings.Split(strings.ReplaceAll(string(content), "\r\n", "\n"), "\n")
	at, err := onlyLine(text, after)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	s.edited[file] = filepath.Join(s.folder, fmt.Sprintf("edited%d.go", len(s.edited)))
	changed := strings.Join(slices.Insert(slices.Clone(text), at+1, lines...), "\n")
	return text[at], errors.Join(os.WriteFile(s.edited[file], []byte(changed), 0o600), s.writeOverlay())
}

// onlyLine returns the index of the only line that contains after.
func onlyLine(text []string, after string) (int, error) {
	holds := func(line string) bool { return strings.Contains(line, after) }
	at := slices.IndexFunc(text, holds)
	switch {
	case after == "":
		return 0, errors.New("after= does not say where to insert")
	case at < 0:
		return 0, fmt.Errorf("no line contains %q", after)
	case slices.ContainsFunc(text[at+1:], holds):
		return 0, fmt.Errorf("more than one line contains %q", after)
	}
	return at, nil
}

// overlay returns the path of the file that tells the go command which files
// replace which.
func (s *sandbox) overlay() string { return filepath.Join(s.folder, "overlay.json") }

func (s *sandbox) writeOverlay() error {
	content, err := json.Marshal(map[string]any{"Replace": s.edited})
	if err != nil {
		return err
	}
	return os.WriteFile(s.overlay(), content, 0o600)
}

// required matches a block of requirements in go.mod.
var required = regexp.MustCompile(`(?s)\nrequire \(\n.*?\n\)\n`)

// tidy does, without the network, what "go mod tidy" does for a module that
// depends only on this repository.
func (s *sandbox) tidy(dir string) error {
	sums, err := os.ReadFile(filepath.Join(s.root, "go.sum"))
	if err != nil {
		return err
	}
	ours, err := os.ReadFile(filepath.Join(s.root, "go.mod"))
	if err != nil {
		return err
	}
	theirs, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return err
	}
	needs := bytes.Join(required.FindAll(ours, -1), nil)
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "go.mod"), append(theirs, needs...), 0o600),
		os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o600))
}
