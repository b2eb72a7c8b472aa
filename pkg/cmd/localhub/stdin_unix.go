//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// stayAwake keeps a program that runs in the background of a shell, where
// nothing can be typed into it, from being stopped when it tries to read.
func stayAwake() { signal.Ignore(syscall.SIGTTIN) }
