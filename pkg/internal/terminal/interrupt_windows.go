package terminal

import (
	"os/exec"
	"syscall"
)

// separate makes the program the first of a process group, because Windows
// sends Ctrl+Break only to a whole group.
func separate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

var generateConsoleCtrlEvent = syscall.NewLazyDLL("kernel32.dll").NewProc("GenerateConsoleCtrlEvent")

// Interrupt sends Ctrl+Break, because Ctrl+C cannot be sent to a single process
// group. Go programs receive the same signal for both.
func (p *Program) Interrupt() error {
	ok, _, err := generateConsoleCtrlEvent.Call(syscall.CTRL_BREAK_EVENT, uintptr(p.cmd.Process.Pid))
	if ok == 0 {
		return err
	}
	return nil
}
