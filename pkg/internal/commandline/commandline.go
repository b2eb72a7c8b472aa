// Package commandline parses flags in the same way for all programs of this
// module: -h writes to standard output and is not an error, and a mistake
// yields one line instead of a page of help.
package commandline

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// Parse parses args, which may contain nothing but flags. The error is
// [flag.ErrHelp] if help is requested; any other error is one line to show to
// the user.
func Parse(flags *flag.FlagSet, args []string) error {
	flags.Init("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	switch err := flags.Parse(args); {
	case err == flag.ErrHelp:
		return err
	case err != nil:
		return fmt.Errorf("%w; -h shows the flags", err)
	case flags.NArg() > 0:
		return unexpected(flags, flags.Arg(0))
	}
	return nil
}

// unexpected returns the error for an argument that is not a flag. If it looks
// like an assignment, the flag before it may have been forgotten.
func unexpected(flags *flag.FlagSet, argument string) error {
	meant := ""
	flags.VisitAll(func(f *flag.Flag) {
		if value, _ := flag.UnquoteUsage(f); value == "name=value" && strings.Contains(argument, "=") {
			meant = "-" + f.Name + " " + argument
		}
	})
	if meant != "" {
		return fmt.Errorf("unexpected argument %q: did you mean %s? -h shows the flags", argument, meant)
	}
	return fmt.Errorf("unexpected argument %q; -h shows the flags", argument)
}

// Variable is an environment variable that a program reads.
type Variable struct{ Name, Holds string }

// Help writes what -h shows. does says in one sentence what the program does.
func Help(w io.Writer, does string, flags *flag.FlagSet, environment ...Variable) {
	flags.SetOutput(w)
	fmt.Fprintf(w, "%s\n\nFlags:\n", does)
	flags.PrintDefaults()
	if len(environment) > 0 {
		fmt.Fprint(w, "\nEnvironment:\n")
	}
	for _, v := range environment {
		fmt.Fprintf(w, "  %s\n    \t%s\n", v.Name, v.Holds)
	}
}
