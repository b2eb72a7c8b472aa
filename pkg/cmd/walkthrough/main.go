// Walkthrough plays the pages of this repository that are meant to be
// executed, above all README.md: it runs every command on them and compares
// what is printed with what the page shows. The README.md next to this file
// explains how to write such a page.
//
// It starts its own local hub or, with -azure, uses the hub of
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
	"syscall"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
	"moduletwin/pkg/internal/commandline"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("walkthrough: ")
	o := options{screen: os.Stdout}
	quiet := flag.Bool("quiet", false, "print the result only")
	flag.BoolVar(&o.azure, "azure", false, "use the real hub of "+hubVariable)
	flag.BoolVar(&o.update, "update", false, "rewrite the outputs on the pages that have changed")
	flag.BoolVar(&o.links, "links", false, "also check links that leave the repository")
	flag.StringVar(&o.only, "only", "", "show and check only the first section whose `heading` contains this; what comes before it runs unseen")
	flag.DurationVar(&o.pause, "slow", 0, "`pause` before each step, such as 2s")
	switch err := commandline.Parse(flag.CommandLine, os.Args[1:]); {
	case errors.Is(err, flag.ErrHelp):
		commandline.Help(os.Stdout, "Walkthrough plays the tutorial in README.md and compares all that is printed.", flag.CommandLine,
			commandline.Variable{Name: hubVariable, Holds: "connection string of a shared access policy of the hub, for -azure"})
		return
	case err != nil:
		log.Print(err)
		os.Exit(2)
	case o.azure && o.update:
		log.Print("-update is for the local hub only")
		os.Exit(2)
	case *quiet:
		o.screen = io.Discard
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := play(ctx, o)
	if err != nil {
		log.Print(err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// play plays the pages of the module that contains the working directory. It
// reports whether everything matched them.
func play(ctx context.Context, o options) (ok bool, err error) {
	root, err := moduleRoot()
	if err != nil {
		return false, fmt.Errorf("it has to be run in the folder of the tutorial: %w", err)
	}
	w, err := newWalk(root, o)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	problems := w.run(ctx)
	if o.update {
		var rewritten int
		if rewritten, problems, err = w.rewrite(problems); err != nil {
			return false, err
		}
		fmt.Printf("\nOutputs rewritten: %d. Read them with git diff.\n", rewritten)
	}
	report(os.Stdout, w.steps(), problems)
	return len(problems) == 0, nil
}

func report(out io.Writer, steps int, problems []page.Problem) {
	for _, p := range problems {
		fmt.Fprintf(out, "\n%v\n", p)
	}
	if len(problems) > 0 {
		fmt.Fprintf(out, "\n%s in %s.\n", count(len(problems), "problem"), count(steps, "step"))
		return
	}
	fmt.Fprintf(out, "\nAll %d steps matched the pages.\n", steps)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
