package localhub_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

// TestMain fails when goroutines are left over. The last ones may need a
// moment to end after what waited for them.
func TestMain(m *testing.M) {
	if folder := os.Getenv(killFolder); folder != "" {
		serveUntilKilled(folder)
	}
	code := m.Run()
	if flag.Lookup("test.fuzz").Value.String() != "" {
		os.Exit(code) // fuzzing has goroutines of its own
	}
	if stacks := leftover(); code == 0 && stacks != "" {
		fmt.Fprintf(os.Stderr, "goroutines are left over:\n%s\n", stacks)
		code = 1
	}
	os.Exit(code)
}

func leftover() string {
	deadline := time.Now().Add(5 * time.Second)
	for runtime.NumGoroutine() > 1 {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			return string(stacks[:runtime.Stack(stacks, true)])
		}
		runtime.Gosched()
	}
	return ""
}
