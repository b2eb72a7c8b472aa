// Package logwriter keeps a program from waiting for its log: a terminal that
// is stopped with Ctrl+S, or a pipe that nobody reads, must not stop it.
package logwriter

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"sync"
)

// maxPending is how many bytes wait to be written, some ten thousand lines.
const maxPending = 1 << 20

// Writer passes on what is written to it in the background, in order. When
// too much waits, further lines are dropped and counted, and the count is
// written in their place. It may be used by several goroutines at once.
type Writer struct {
	to   io.Writer
	done chan struct{} // closed when everything is written

	mu      sync.Mutex // guards the fields below
	changed sync.Cond  // there is something to write, or it is closed
	pending []byte
	dropped int // lines, after pending
	closed  bool
}

// New returns a writer that passes lines on to another one, until it is
// closed.
func New(to io.Writer) *Writer {
	w := &Writer{to: to, done: make(chan struct{})}
	w.changed.L = &w.mu
	go w.run()
	return w
}

// Write takes whole lines. It never waits, and fails only after Close, with
// [os.ErrClosed].
func (w *Writer) Write(lines []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed:
		return 0, os.ErrClosed
	case w.dropped > 0 || len(w.pending)+len(lines) > maxPending:
		w.dropped += bytes.Count(lines, []byte("\n"))
	default:
		w.pending = append(w.pending, lines...)
	}
	w.changed.Signal()
	return len(lines), nil
}

// Close waits until everything is written, or until ctx is done: then it
// returns an error, and the goroutine that writes is left behind until its
// last write returns. Close may be called again to wait for longer.
func (w *Writer) Close(ctx context.Context) error {
	w.mu.Lock()
	w.closed = true
	w.changed.Signal()
	w.mu.Unlock()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("logwriter: not everything is written: %w", ctx.Err())
	}
}

// run writes until the end. What cannot be written is lost: there is nowhere
// to say so.
func (w *Writer) run() {
	defer close(w.done)
	lines, more := w.next(nil)
	for more {
		w.to.Write(lines)
		lines, more = w.next(lines)
	}
}

// maxSpare is how large a buffer may be that is kept for later.
const maxSpare = 64 << 10

// next waits for lines; more is false at the end. spare is a buffer to be used
// again.
func (w *Writer) next(spare []byte) (lines []byte, more bool) {
	if cap(spare) > maxSpare {
		spare = nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.pending) == 0 && w.dropped == 0 && !w.closed {
		w.changed.Wait()
	}
	lines, w.pending = w.pending, spare[:0]
	switch w.dropped {
	case 0:
	case 1:
		lines = append(lines, "1 line of the log was dropped: it was not read fast enough\n"...)
	default:
		lines = fmt.Appendf(lines, "%d lines of the log were dropped: it was not read fast enough\n", w.dropped)
	}
	w.dropped = 0
	return lines, len(lines) > 0
}
