// Walkthrough plays the tutorial in README.md: it gives every command that
// stands there and compares what is printed with what the text shows. The
// rules for the document are those of package page.
//
// It uses a local hub of its own, or with -azure the hub of
// IOTHUB_CONNECTION_STRING.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
	"moduletwin/pkg/internal/commandline"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("walkthrough: ")
	azure := flag.Bool("azure", false, "use the real hub of "+hubVariable)
	update := flag.Bool("update", false, "rewrite the outputs in README.md that have changed")
	switch err := commandline.Parse(flag.CommandLine, os.Args[1:]); {
	case errors.Is(err, flag.ErrHelp):
		commandline.Help(os.Stdout, "Walkthrough plays the tutorial in README.md and compares all that is printed.", flag.CommandLine,
			commandline.Variable{Name: hubVariable, Holds: "connection string of a shared access policy of the hub, for -azure"})
		return
	case err != nil:
		log.Print(err)
		os.Exit(2)
	case *azure && *update:
		log.Print("-update is for the local hub only")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := walk(ctx, *azure, *update)
	if err != nil {
		log.Print(err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// walk plays the README of the module around the working directory. It
// reports whether all was as the text says.
func walk(ctx context.Context, azure, update bool) (ok bool, err error) {
	root, err := moduleRoot()
	if err != nil {
		return false, fmt.Errorf("it has to be run in the folder of the tutorial: %w", err)
	}
	file := filepath.Join(root, "README.md")
	text, err := os.ReadFile(file)
	if err != nil {
		return false, err
	}
	run, err := prepare(root, page.Parse(string(text)), azure, os.Stdout)
	if err != nil {
		return false, err
	}
	defer run.close()
	problems := run.check(ctx)
	if update && len(run.player.edits) > 0 {
		if err := os.WriteFile(file, []byte(run.player.updated()), 0o644); err != nil {
			return false, err
		}
		fmt.Printf("\nOutputs rewritten in README.md: %d. Read them with git diff.\n", len(run.player.edits))
		problems = slices.DeleteFunc(problems, func(p page.Problem) bool {
			return slices.ContainsFunc(run.player.edits, func(e edit) bool { return e.solves == p })
		})
	}
	report(os.Stdout, len(run.player.played), problems)
	return len(problems) == 0, nil
}

func report(w io.Writer, steps int, problems []page.Problem) {
	for _, p := range problems {
		fmt.Fprintf(w, "\nREADME.md:%d: %s\n", p.Line, p.Text)
	}
	if len(problems) == 0 {
		fmt.Fprintf(w, "\nAll %d steps went as README.md says.\n", steps)
	}
}
