//go:build linux

package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// resident returns the resident memory of a process in MiB.
func resident(b *testing.B, p *os.Process) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	var kibibytes float64
	if _, err := fmt.Sscan(rest, &kibibytes); err != nil {
		b.Fatal(err)
	}
	return kibibytes / 1024
}

// cpuTime returns the CPU time that all threads of a process have used so far.
// The clock ticks of /proc/pid/stat would be too coarse for an idle process.
func cpuTime(b *testing.B, p *os.Process) time.Duration {
	b.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.Pid))
	if err != nil || len(threads) == 0 {
		b.Skip("this kernel does not show how much CPU a thread has used")
	}
	var sum time.Duration
	for _, file := range threads {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		var used int64
		fmt.Sscan(string(text), &used)
		sum += time.Duration(used)
	}
	return sum
}
