package leak

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// TestMain is the test itself: goroutines can be counted only while no test
// runs.
func TestMain(m *testing.M) {
	if code := Run(m); code != 0 {
		os.Exit(code)
	}
	stop := make(chan struct{})
	go func() { <-stop }()
	code := run(passing{}, time.Millisecond)
	close(stop)
	if code != 1 {
		fmt.Fprintln(os.Stderr, "a goroutine that was left behind was not noticed")
		os.Exit(1)
	}
}

// passing stands in for tests that pass.
type passing struct{}

func (passing) Run() int { return 0 }

func TestNothing(*testing.T) {}
