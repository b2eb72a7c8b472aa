// Package logwriter writes a program's log in the background, so that the
// program does not block when its terminal is stopped with Ctrl+S or nobody
// reads its pipe.
package logwriter

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"sync"
)

// maxPending is how many bytes may wait to be written: some ten thousand lines.
const maxPending = 1 << 20

// Writer writes to another writer in the background, in order. When too much is
// pending, it drops further lines and writes their number in their place. It is
// safe for concurrent use.
type Writer struct {
	to   io.Writer
	done chan struct{} // closed when everything is written

	mu      sync.Mutex // guards the fields below
	changed sync.Cond  // signaled when there is something to write, or at Close
	pending []byte
	dropped int // number of lines dropped after pending
	closed  bool
}

// New returns a Writer that writes to another writer until it is closed.
func New(to io.Writer) *Writer {
	w := &Writer{to: to, done: make(chan struct{})}
	w.changed.L = &w.mu
	go w.run()
	return w
}

// Write accepts whole lines. It never blocks, and fails only after Close, with
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

// Close waits until everything is written. If ctx is done first, it returns an
// error, and the writing goroutine goes on in the background. Close may be
// called again to wait longer.
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

// run writes until the Writer is closed and nothing is pending. Errors are
// ignored, as there is nowhere to report them.
func (w *Writer) run() {
	defer close(w.done)
	lines, more := w.next(nil)
	for more {
		w.to.Write(lines)
		lines, more = w.next(lines)
	}
}

// maxSpare is the largest capacity of a buffer that is kept for reuse.
const maxSpare = 64 << 10

// next waits for lines to write; more is false when there will be none. spare
// is a buffer to reuse.
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
