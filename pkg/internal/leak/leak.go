// Package leak makes tests fail if they leave goroutines behind, because Close
// promises that nothing goes on running.
//
// It is like go.uber.org/goleak, but waits for seconds instead of half of one,
// which a busy machine may need.
package leak

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"
)

// patience is for goroutines that end shortly after the test that waited for
// them.
const patience = 5 * time.Second

// Run runs m, a [testing.M], and returns the exit code for TestMain: that of
// the tests or, if they pass but leave a goroutine behind, 1. It does not check
// while fuzzing, which has its own goroutines.
func Run(m interface{ Run() int }) (code int) { return run(m, patience) }

func run(m interface{ Run() int }, patience time.Duration) (code int) {
	code = m.Run()
	if fuzz := flag.Lookup("test.fuzz"); code != 0 || fuzz != nil && fuzz.Value.String() != "" {
		return code
	}
	if stacks := leftover(patience); stacks != "" {
		fmt.Fprintf(os.Stderr, "goroutines are left over:\n%s\n", stacks)
		return 1
	}
	return 0
}

// leftover returns the stacks of all goroutines unless the calling one becomes
// the only one in time. It polls, because nothing signals the end of a
// goroutine.
func leftover(patience time.Duration) string {
	deadline := time.Now().Add(patience)
	for runtime.NumGoroutine() > 1 {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			return string(stacks[:runtime.Stack(stacks, true)])
		}
		runtime.Gosched()
	}
	return ""
}
