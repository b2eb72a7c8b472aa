//go:build unix

package terminal

import (
	"os"
	"os/exec"
	"syscall"
)

// separate keeps Ctrl+C in the terminal of the walkthrough from reaching the
// programs: the walkthrough ends them in its own way.
func separate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// Interrupt is Ctrl+C.
func (p *Program) Interrupt() error { return p.cmd.Process.Signal(os.Interrupt) }
