//go:build linux

// Package bench measures what users notice: whole programs and a whole hub,
// each against the least that anything doing its job could take. The two
// sides take turns within one run, on the same machine under the same load,
// so that their ratio means something even if the figures alone do not.
//
//	go test -run '^$' -bench . ./pkg/internal/bench
//
// It reads /proc, so it works on Linux only.
package bench

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"
)

// TestMain turns the test binary, when a benchmark runs it again, into the
// server that the benchmark asks for.
func TestMain(m *testing.M) {
	if kind := os.Getenv(serverVariable); kind != "" {
		if err := serve(kind); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	os.RemoveAll(programs.folder)
	os.Exit(code)
}

// figures are measurements of one kind.
type figures []float64

func (f figures) quantile(q float64) float64 {
	sorted := slices.Sorted(slices.Values(f))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func (f figures) median() float64 { return f.quantile(0.5) }

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// report reports the medians of ours and of the floor, and their ratio.
func report(b *testing.B, unit string, ours, floor figures) {
	b.ReportMetric(ours.median(), unit)
	b.ReportMetric(floor.median(), "floor-"+unit)
	b.ReportMetric(ours.median()/floor.median(), unit+"-ratio")
	b.ReportMetric(0, "ns/op") // the time of both together means nothing
}
