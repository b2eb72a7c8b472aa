package logwriter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"moduletwin/pkg/internal/leak"
)

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }

// TestNobodyReads writes far more lines to a pipe than it holds while nobody
// reads from it. When somebody does, each line is there or counted as dropped.
func TestNobodyReads(t *testing.T) {
	r, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	w := New(pipe)
	const lines = 30_000
	padding := strings.Repeat("x", 100)
	for i := range lines {
		if _, err := fmt.Fprintf(w, "line %d %s\n", i, padding); err != nil {
			t.Fatal(err)
		}
	}
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := w.Close(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("closed while nobody reads: %v", err)
	}

	var text []byte
	var reading sync.WaitGroup
	reading.Go(func() { text, _ = io.ReadAll(r) })
	if err := w.Close(t.Context()); err != nil {
		t.Errorf("closed once somebody reads: %v", err)
	}
	pipe.Close()
	reading.Wait()
	if len(text) > 2*maxPending+1000 {
		t.Errorf("%d bytes were pending", len(text))
	}
	next := 0 // the line that has to come next
	for line := range strings.Lines(string(text)) {
		if n := dropped(line); n > 0 {
			next += n
			continue
		}
		if !strings.HasPrefix(line, fmt.Sprintf("line %d ", next)) || !strings.HasSuffix(line, padding+"\n") {
			t.Fatalf("in place of line %d: %q", next, line)
		}
		next++
	}
	if next != lines {
		t.Errorf("%d lines are accounted for, not %d", next, lines)
	}
}

// dropped returns how many lines a line says were dropped.
func dropped(line string) int {
	match := regexp.MustCompile(`^(\d+) lines? of the log (?:was|were) dropped: it was not read fast enough\n$`).FindStringSubmatch(line)
	if match == nil {
		return 0
	}
	n, _ := strconv.Atoi(match[1])
	return n
}

// TestFlush checks that Close writes everything if the log is read.
func TestFlush(t *testing.T) {
	var out bytes.Buffer
	w := New(&out)
	var want strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&want, "%d\n", i)
		fmt.Fprintf(w, "%d\n", i)
	}
	if err := w.Close(t.Context()); err != nil || out.String() != want.String() {
		t.Errorf("%v, %d bytes of %d", err, out.Len(), want.Len())
	}
	if _, err := w.Write([]byte("late\n")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("written after the end: %v", err)
	}
}

// TestTooLong checks that a line that is longer than all that may be pending is
// counted as dropped.
func TestTooLong(t *testing.T) {
	var out bytes.Buffer
	w := New(&out)
	w.Write(append(make([]byte, maxPending), '\n'))
	if err := w.Close(t.Context()); err != nil || dropped(out.String()) != 1 {
		t.Errorf("%v, %q", err, out.String())
	}
}

// TestBroken checks that writing continues after an error: the disk may have
// room again.
func TestBroken(t *testing.T) {
	out := &brokenOnce{failed: make(chan struct{})}
	w := New(out)
	fmt.Fprintln(w, "first")
	<-out.failed
	fmt.Fprintln(w, "second")
	if err := w.Close(t.Context()); err != nil || out.String() != "second\n" {
		t.Errorf("%v, %q", err, out.String())
	}
}

// brokenOnce is a writer whose first write fails.
type brokenOnce struct {
	bytes.Buffer
	once   sync.Once
	failed chan struct{}
}

func (b *brokenOnce) Write(p []byte) (n int, err error) {
	b.once.Do(func() {
		err = errors.New("no space left on device")
		close(b.failed)
	})
	if err != nil {
		return 0, err
	}
	return b.Buffer.Write(p)
}
