package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"moduletwin/pkg/localhub"
)

// TestResetAtTerminal answers yes at a terminal, and the hub gets new keys.
// Without a terminal, a yes does not count.
func TestResetAtTerminal(t *testing.T) {
	config := t.TempDir()
	before := start(t, config, "-listen", "localhost:0")
	before.end(t)

	piped := program(t, config, "-listen", "localhost:0", "-reset")
	piped.Stdin = strings.NewReader("yes\n")
	if out, _ := piped.CombinedOutput(); piped.ProcessState.ExitCode() != 2 || !bytes.Contains(out, []byte("needs a terminal")) {
		t.Errorf("without a terminal: %v, %s", piped.ProcessState, out)
	}
	keyboard, terminal := openTerminal(t)
	fmt.Fprintln(keyboard, "yes")
	after := startAt(t, terminal, config, "-listen", before.hub.HostName, "-reset")
	if after.hub.Reveal() == before.hub.Reveal() || !strings.Contains(after.banner, "Deleted.") {
		t.Errorf("the connection string has not changed:\n%s", after.banner)
	}
	fmt.Fprintln(keyboard, "cut")
	after.says(t, "cut: ")
	after.end(t)
	if _, err := os.Stat(filepath.Join(config, "iothub-localhub", localhub.DataFile)); err != nil {
		t.Error(err)
	}
}

// openTerminal returns both ends of a pseudo-terminal.
func openTerminal(t *testing.T) (keyboard, terminal *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { keyboard.Close() })
	var number, unlocked int32
	control := func(request uintptr, value *int32) {
		if _, _, err := syscall.Syscall(syscall.SYS_IOCTL, keyboard.Fd(), request, uintptr(unsafe.Pointer(value))); err != 0 {
			t.Skip(err)
		}
	}
	control(syscall.TIOCSPTLCK, &unlocked)
	control(syscall.TIOCGPTN, &number)
	runtime.KeepAlive(keyboard)
	if terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return keyboard, terminal
}
