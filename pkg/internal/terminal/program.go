// Package terminal runs programs as somebody at a terminal does: it gives a
// command, reads what is printed, types a line and presses Ctrl+C.
package terminal

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Program is a running program. [Program.Read] reads its output piece by piece.
type Program struct {
	cmd   *exec.Cmd
	input io.WriteCloser
	ended chan struct{} // closed after all output has been taken

	mu      sync.Mutex // guards the fields below
	lines   []string   // complete but not read yet
	partial []byte     // the line being printed
	printed chan struct{}
}

// Start starts a program. As on a terminal, standard output and standard error
// are one stream, in order.
func Start(cmd *exec.Cmd) (*Program, error) {
	p := &Program{cmd: cmd, ended: make(chan struct{}), printed: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p, p
	cmd.WaitDelay = 5 * time.Second // for children that keep the output open
	separate(cmd)
	var err error
	if p.input, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		cmd.Wait() // ProcessState says how it ended
		p.flush()
		close(p.ended)
	}()
	return p, nil
}

// Write takes the output of the program.
func (p *Program) Write(output []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.partial = append(p.partial, output...)
	for {
		line, rest, found := bytes.Cut(p.partial, []byte("\n"))
		if !found {
			break
		}
		p.lines = append(p.lines, strings.TrimSuffix(string(line), "\r"))
		p.partial = rest
	}
	close(p.printed)
	p.printed = make(chan struct{})
	return len(output), nil
}

// flush turns what the program printed after its last line break into a line.
func (p *Program) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.partial) > 0 {
		p.lines, p.partial = append(p.lines, string(p.partial)), nil
	}
}

// Read returns the lines up to the first for which last returns true, or up to
// the end of the program. Later lines stay for the next call. When ctx is done,
// it returns the lines so far and the cause.
func (p *Program) Read(ctx context.Context, last func(line string) bool) (lines []string, ended bool, err error) {
	for {
		before := p.hasEnded()
		more, found, printed := p.take(last)
		lines = append(lines, more...)
		if found || before {
			return lines, !found, nil
		}
		select {
		case <-printed:
		case <-p.ended:
		case <-ctx.Done():
			return lines, false, context.Cause(ctx)
		}
	}
}

// take is Read without waiting.
func (p *Program) take(last func(line string) bool) (lines []string, found bool, printed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !found && len(p.lines) > 0 {
		found = last(p.lines[0])
		lines, p.lines = append(lines, p.lines[0]), p.lines[1:]
	}
	return lines, found, p.printed
}

func (p *Program) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// Type types a line.
func (p *Program) Type(line string) error {
	_, err := fmt.Fprintln(p.input, line)
	return err
}

// ExitCode returns the exit code of a program that has ended, or -1 if it was
// killed.
func (p *Program) ExitCode() int { return p.cmd.ProcessState.ExitCode() }

// Kill kills the program if it still runs, and waits until it has ended.
func (p *Program) Kill() {
	p.cmd.Process.Kill()
	<-p.ended
}
