package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"moduletwin/pkg/cmd/localhub/internal/logwriter"
)

// How long the end may take; together less than the 10 seconds after which
// container engines kill a program.
var (
	shutdownLimit = 5 * time.Second
	flushLimit    = time.Second
)

// untilSignal returns a context that is done at Ctrl+C, at SIGTERM, or when the
// window is closed, unless nohup has the program outlive that. A second signal
// ends the program at once. If the program has not ended by itself after
// shutdownLimit, whatever hangs, force is called.
func untilSignal(force func()) context.Context {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
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
