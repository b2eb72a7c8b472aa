//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// allowBackground keeps a program that runs in the background of a shell, where
// nothing can be typed into it, from being stopped when it tries to read.
func allowBackground() { signal.Ignore(syscall.SIGTTIN) }
