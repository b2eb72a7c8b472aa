// Package leak has tests fail over goroutines that they leave behind: what is
// closed promises that nothing of it goes on running.
//
// It is like go.uber.org/goleak, except that it waits for seconds, which a
// busy machine may need, where that gives up after half of one.
package leak

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"
)

// patience is for goroutines that are about to end after what waited for
// them.
const patience = 5 * time.Second

// Run runs m, a [testing.M], and returns the exit code for TestMain: that of
// the tests or, if they pass but leave a goroutine, 1. While fuzzing, which
// has goroutines of its own, it does not look.
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

// leftover returns the stacks of all goroutines if the calling one does not
// become the only one in time. There is no event for the end of a goroutine.
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
