package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
	"moduletwin/pkg/internal/terminal"
)

// run runs a command of the page. It does not use a shell, so that commands
// mean the same on every system.
func (p *player) run(t *prompt, text string) error {
	text, unknown := p.sandbox.dict.command(text)
	if unknown {
		return errors.New("this command contains a key that was not printed before")
	}
	if name, value, ok := page.Assignment(text); ok {
		t.env = append(t.env, name+"="+value)
		return nil
	}
	args, err := words(text)
	if err != nil {
		return err
	}
	name, isProgram := strings.CutPrefix(args[0], "bin/")
	switch {
	case isProgram:
		cmd := p.sandbox.program(name, p.sandbox.arguments(name, args[1:])...)
		cmd.Env = append(cmd.Env, t.env...)
		return t.start(cmd)
	case p.offline && slices.Equal(args, []string{"go", "mod", "tidy"}):
		return p.sandbox.tidy(t.dir)
	case args[0] == "go":
		return t.start(p.sandbox.goCommand(t.dir, args[1:]))
	case args[0] == "cd" && len(args) == 2:
		t.dir = p.sandbox.path(t.dir, args[1])
		return nil
	case args[0] == "mkdir" && len(args) == 2:
		return os.Mkdir(p.sandbox.path(t.dir, args[1]), 0o700)
	}
	return fmt.Errorf("%s: only bin/…, go, cd and mkdir can be run; mark other blocks with skip", args[0])
}

func (t *prompt) start(cmd *exec.Cmd) (err error) {
	t.running, err = terminal.Start(cmd)
	return err
}

// words splits a command at spaces outside of quotes.
func words(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	quote, started := rune(0), false
	for _, r := range text {
		switch {
		case r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, started = r, true
		case r == ' ':
			if started || word.Len() > 0 {
				words = append(words, word.String())
			}
			word.Reset()
			started = false
		case strings.ContainsRune("|&;<>$`", r):
			return nil, fmt.Errorf("this command needs a shell, because of %q", r)
		default:
			word.WriteRune(r)
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a %c has no end", quote)
	}
	if started || word.Len() > 0 {
		words = append(words, word.String())
	}
	return words, nil
}

// arguments adds the flags that the page does not show but this sandbox needs.
func (s *sandbox) arguments(program string, args []string) []string {
	switch {
	case slices.Contains(args, "-h"):
		return args
	case program == "localhub" && !slices.Contains(args, "-listen"):
		return append(args, "-listen", "localhost:0", "-portal", "localhost:0")
	case s.device != "" && !slices.Contains(args, "-device") && (program == "createmodule" || program == "updatemoduletwin"):
		return append(args, "-device", s.device)
	}
	return args
}

// goCommand returns an invocation of the go command. It uses the edited copies
// of files of the repository, which itself is never changed.
func (s *sandbox) goCommand(dir string, args []string) *exec.Cmd {
	for i, arg := range args {
		if arg == "bin/" {
			args[i] = s.bin + string(filepath.Separator)
		} else {
			args[i] = s.place(arg)
		}
	}
	if len(s.edited) > 0 && slices.Contains([]string{"build", "run", "test", "vet"}, args[0]) {
		args = slices.Insert(args, 1, "-overlay="+s.overlay())
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = os.Environ()
	return cmd
}

// path resolves a file name from the page, relative to the folder dir.
func (s *sandbox) path(dir, name string) string {
	name = filepath.FromSlash(s.place(name))
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// place returns a word of a command in which paths that lead out of the
// repository, or back into it, are replaced by those of this sandbox.
func (s *sandbox) place(word string) string {
	word = strings.ReplaceAll(word, shownRoot, filepath.ToSlash(s.root))
	return strings.ReplaceAll(word, "../", filepath.ToSlash(s.folder)+"/")
}

var hostName = regexp.MustCompile(`HostName=(localhost(:\d+))`)

// learnHub learns from the banner of the local hub on which port it listens.
func (s *sandbox) learnHub(banner []string) {
	if found := hostName.FindStringSubmatch(strings.Join(banner, "\n")); found != nil {
		s.dict.setAlias(shownHost, found[1])
		s.dict.setAlias(":8883", found[2])
	}
}

// dropNoise removes what the go command prints when it downloads modules.
func dropNoise(lines []string) []string {
	return slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "go: downloading ") })
}
