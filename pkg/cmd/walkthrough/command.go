package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
	"moduletwin/pkg/internal/terminal"
)

// run gives a command of the document: one that sets a variable, one of the
// go command, or one of the programs, which are built once. There is no
// shell, so that commands mean the same everywhere.
func (p *player) run(t *prompt, text string) error {
	text, unknown := p.dict.command(text)
	if unknown {
		return errors.New("this command holds a key that nothing above has printed")
	}
	if name, value, ok := page.Assignment(text); ok {
		t.env = append(t.env, name+"="+value)
		return nil
	}
	args, err := words(text)
	if err != nil {
		return err
	}
	cmd, err := p.world.command(args)
	if err != nil {
		return err
	}
	cmd.Env = append(cmd.Env, t.env...)
	t.running, err = terminal.Start(cmd)
	return err
}

// words splits a command at its spaces; quotes keep them.
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

// world is where commands run.
type world struct {
	root   string   // the folder of the document
	bin    string   // stands for bin/ in the document
	home   string   // of the programs, so that they find nothing of the user's
	env    []string // of the programs
	azure  bool     // a real hub is used
	listen string   // where the stand-in is to listen
	device string   // the device to use in place of the programs' default; "" for that
}

// skips reports whether a block is for another kind of hub.
func (w *world) skips(only string) bool {
	return only == "local" && w.azure || only == "azure" && !w.azure
}

// command makes a command of the words of the document.
func (w *world) command(args []string) (*exec.Cmd, error) {
	name, isProgram := strings.CutPrefix(args[0], "bin/")
	switch {
	case isProgram:
		cmd := exec.Command(filepath.Join(w.bin, name), w.arguments(name, args[1:])...)
		cmd.Env = slices.Clone(w.env)
		return cmd, nil
	case args[0] == "go":
		for i, arg := range args {
			if arg == "bin/" {
				args[i] = w.bin + string(filepath.Separator)
			}
		}
		cmd := exec.Command("go", args[1:]...)
		cmd.Dir = w.root
		cmd.Env = os.Environ()
		return cmd, nil
	}
	return nil, fmt.Errorf("%s: neither bin/… nor go; a block that is not to be played is marked with skip", args[0])
}

// arguments adds what the document does not show.
func (w *world) arguments(program string, args []string) []string {
	switch {
	case slices.Contains(args, "-h"):
		return args
	case program == "localhub" && !slices.Contains(args, "-listen"):
		return append(args, "-listen", w.listen)
	case w.device != "" && !slices.Contains(args, "-device") && (program == "createmodule" || program == "updatemoduletwin"):
		return append(args, "-device", w.device)
	}
	return args
}

// dropNoise removes what the go command says when it fetches modules for the
// first time.
func dropNoise(lines []string) []string {
	return slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "go: downloading ") })
}
