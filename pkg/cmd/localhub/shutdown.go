package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"moduletwin/pkg/cmd/localhub/internal/logwriter"
)

// Limits on shutdown. Together they are less than the 10 seconds after which
// container engines kill a program.
var (
	shutdownLimit = 5 * time.Second
	flushLimit    = time.Second
)

// untilSignal returns a context that is canceled by Ctrl+C, by SIGTERM, or when
// the terminal window is closed (unless the program runs under nohup). A second
// signal ends the program at once. If something hangs and the program is still
// running after shutdownLimit, force is called.
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

// exit prints err, if there is one, and ends the program. If nobody reads the
// output, it waits no longer than flushLimit.
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
