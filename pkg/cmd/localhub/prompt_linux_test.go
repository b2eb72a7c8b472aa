package main

import (
	"fmt"
	"os"
	"testing"
)

// TestEndOfInput checks that the hub says so when Ctrl+D at a terminal has
// ended its input. Without a terminal, as in a container, it is normal that
// nothing can be typed.
func TestEndOfInput(t *testing.T) {
	keyboard, terminal := openTerminal(t)
	hub := startAt(t, terminal, t.TempDir(), "-memory", "-listen", "localhost:0")
	fmt.Fprint(keyboard, "\x04")
	hub.says(t, "Input has ended: words are no longer read. The hub runs on; Ctrl+C ends it.")
	hub.end(t)

	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if isTerminal(null) || !isTerminal(terminal) {
		t.Error("a terminal is taken for the null device, or the other way round")
	}
}
