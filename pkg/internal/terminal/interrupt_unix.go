//go:build unix

package terminal

import (
	"os"
	"os/exec"
	"syscall"
)

// separate puts the program in its own process group, so that Ctrl+C in the
// walkthrough's terminal does not reach it: the walkthrough ends its programs
// itself.
func separate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// Interrupt sends what Ctrl+C does.
func (p *Program) Interrupt() error { return p.cmd.Process.Signal(os.Interrupt) }
