// Package sample contains what the three sample programs share: flags, the
// connection string from the environment, Ctrl+C, and exit codes.
package sample

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"moduletwin/pkg/internal/commandline"
	"moduletwin/pkg/internal/trust"
	"moduletwin/pkg/iothub"
)

// Program describes a sample program. Define its flags with package flag.
type Program struct {
	Does        string       // what it does, in one sentence, for -h
	Check       func() error // returns an error if the flags are wrong; may be nil
	Variable    Variable     // the variable with the connection string
	Stopped     string       // printed after Ctrl+C
	StoppedCode int          // the exit code after Ctrl+C

	// Run does the work. Ctrl+C ends ctx. An error that matches
	// [iothub.ErrInvalid] means wrong usage.
	Run func(ctx context.Context, c iothub.ConnectionString) error
}

// The exit codes, besides 0 for success.
const (
	exitFailed = 1
	exitUsage  = 2 // wrong usage, or a missing or malformed variable
)

// Main runs p and ends the process. The results of p go to standard output,
// everything else to standard error.
func Main(p Program) {
	setUpLog(iothub.Hint)
	err := commandline.Parse(flag.CommandLine, os.Args[1:])
	if err == nil && p.Check != nil {
		err = p.Check()
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		p.help()
	case err != nil:
		printError(err, "")
		os.Exit(exitUsage)
	default:
		os.Exit(p.run())
	}
}

func (p Program) run() (code int) {
	connection, err := p.Variable.read()
	if err != nil {
		printError(err, iothub.Hint(err))
		return exitUsage
	}
	setUpLog(func(err error) string { return p.nextStep(err, connection) })
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl+C ends the program at once
	err = p.Run(ctx, connection)
	switch {
	case ctx.Err() != nil:
		return p.stopped(err)
	case err == nil:
		return 0
	}
	printError(err, p.nextStep(err, connection))
	if errors.Is(err, iothub.ErrInvalid) {
		return exitUsage
	}
	return exitFailed
}

// stopped prints that p was stopped with Ctrl+C, and returns the exit code. err
// is the result of Run, which usually says that it was stopped.
func (p Program) stopped(err error) (code int) {
	if err == nil && p.StoppedCode != 0 { // it had already done its work
		return 0
	}
	if errors.Is(err, iothub.ErrOutcomeUnknown) {
		printError(iothub.ErrOutcomeUnknown, "")
	}
	fmt.Println(p.Stopped)
	return p.StoppedCode
}

func (p Program) help() {
	commandline.Help(os.Stdout, p.Does, flag.CommandLine,
		commandline.Variable{Name: p.Variable.name, Holds: p.Variable.holds + " (required)"},
		commandline.Variable{Name: trust.Variable, Holds: "PEM file with certificates to trust besides those of the system"})
}
