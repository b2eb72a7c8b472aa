package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"moduletwin/pkg/internal/logwriter"
)

// How long the end may take; together less than the 10 seconds after which
// container engines kill a program.
var (
	shutdownLimit = 5 * time.Second
	flushLimit    = time.Second
)

// untilSignal returns a context that is done at Ctrl+C or SIGTERM. A second
// signal ends the program at once. If the program has not ended by itself
// after shutdownLimit, whatever hangs, force is called.
func untilSignal(force func()) context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		stop()
		time.AfterFunc(shutdownLimit, force)
	})
	return ctx
}

// exit ends the program after it has said why, unless nobody reads that.
func exit(logs *logwriter.Writer, err error) {
	code := 0
	if err != nil {
		printError(logs, err)
		code = 1
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushLimit)
	defer cancel()
	logs.Close(ctx)
	os.Exit(code)
}
