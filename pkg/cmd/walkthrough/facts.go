package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
	"moduletwin/pkg/internal/terminal"
)

// facts collects the help texts of the programs that the tutorial has built.
func (w *walk) facts(ctx context.Context) (page.Facts, error) {
	facts := page.Facts{Root: os.DirFS(w.root), Help: make(map[string]string)}
	sandbox := w.players[0].sandbox
	programs, err := os.ReadDir(sandbox.bin)
	if err != nil {
		return facts, err
	}
	for _, program := range programs {
		text, err := flagHelp(ctx, sandbox, program.Name())
		if err != nil {
			return facts, err
		}
		facts.Help[strings.TrimSuffix(program.Name(), ".exe")] = text
	}
	facts.Prompt, err = promptHelp(ctx, sandbox)
	return facts, err
}

// flagHelp returns what a program prints with -h.
func flagHelp(ctx context.Context, s *sandbox, name string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("%s -h does not end", name))
	defer cancel()
	program, err := terminal.Start(s.program(name, "-h"))
	if err != nil {
		return "", err
	}
	defer program.Kill()
	lines, _, err := program.Read(ctx, func(string) bool { return false })
	return strings.Join(lines, "\n") + "\n", err
}

// promptHelp returns what the local hub prints when somebody types help.
func promptHelp(ctx context.Context, s *sandbox) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("the local hub does not answer help"))
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
