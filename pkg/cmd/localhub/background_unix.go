//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// allowBackground lets the program run as a background job of a shell. Without
// it, the program would be stopped as soon as it tries to read from the
// terminal.
func allowBackground() { signal.Ignore(syscall.SIGTTIN) }
