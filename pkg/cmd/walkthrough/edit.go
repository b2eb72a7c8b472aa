package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// save saves a block of the page as a file in the folder of a prompt.
func (s *sandbox) save(t *prompt, name string, lines []string) error {
	return os.WriteFile(s.path(t.dir, name), []byte(strings.Join(lines, "\n")+"\n"), 0o600)
}

// edit changes a copy of a file of the repository: diff holds the lines to
// change, in the form of a diff without its head.
func (s *sandbox) edit(name string, diff []string) error {
	file := filepath.Join(s.root, filepath.FromSlash(name))
	if s.edited[file] != "" {
		return fmt.Errorf("%s is edited twice", name)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	changed, err := applyDiff(strings.ReplaceAll(string(text), "\r\n", "\n"), diff)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s.edited[file] = filepath.Join(s.folder, fmt.Sprintf("edited%d.go", len(s.edited)))
	return os.WriteFile(s.edited[file], []byte(changed), 0o600)
}

// applyDiff puts the lines of a diff that begin with a space or a plus in
// place of those that begin with a space or a minus, which have to stand in
// the text together, and once.
func applyDiff(text string, diff []string) (string, error) {
	var before, after strings.Builder
	for _, line := range diff {
		if line == "" {
			line = " "
		}
		if line[0] != '+' {
			before.WriteString(line[1:] + "\n")
		}
		if line[0] != '-' {
			after.WriteString(line[1:] + "\n")
		}
	}
	switch strings.Count("\n"+text, "\n"+before.String()) {
	case 0:
		return "", errors.New("the lines to change are not there; have they been changed already?")
	case 1:
		changed := strings.Replace("\n"+text, "\n"+before.String(), "\n"+after.String(), 1)
		return changed[1:], nil
	}
	return "", errors.New("the lines to change are there more than once")
}

// overlay writes down for the go command which file stands for which.
func (s *sandbox) overlay() string {
	name := filepath.Join(s.folder, "overlay.json")
	content, err := json.Marshal(map[string]any{"Replace": s.edited})
	if err == nil {
		err = os.WriteFile(name, content, 0o600)
	}
	if err != nil {
		panic(err) // the folder is ours
	}
	return name
}

// required is a block of go.mod that says what a module needs.
var required = regexp.MustCompile(`(?s)\nrequire \(\n.*?\n\)\n`)

// tidy does without the network what "go mod tidy" does for a module that
// needs the repository and nothing else.
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
