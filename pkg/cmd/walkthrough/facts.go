package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
	"moduletwin/pkg/internal/terminal"
)

// facts asks the programs that the tutorial has built.
func (w *walk) facts(ctx context.Context) (page.Facts, error) {
	facts := page.Facts{Root: os.DirFS(w.root), Help: make(map[string]string)}
	sandbox := w.players[0].sandbox
	programs, err := os.ReadDir(sandbox.bin)
	if err != nil {
		return facts, err
	}
	for _, program := range programs {
		text, _ := sandbox.program(program.Name(), "-h").CombinedOutput() // an error shows in the text
		facts.Help[strings.TrimSuffix(program.Name(), ".exe")] = string(text)
	}
	facts.Prompt, err = promptHelp(ctx, sandbox)
	return facts, err
}

// promptHelp returns what the local hub prints when somebody types help.
func promptHelp(ctx context.Context, s *sandbox) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("the local hub does not answer to help"))
	defer cancel()
	hub, err := terminal.Start(s.program("localhub", "-memory", "-listen", "localhost:0", "-portal", "off"))
	if err != nil {
		return "", err
	}
	defer hub.Kill()
	if err := hub.Type("help"); err != nil {
		return "", err
	}
	lines, _, err := hub.Read(ctx, func(line string) bool { return strings.HasPrefix(line, "  help ") })
	return strings.Join(lines, "\n"), err
}
