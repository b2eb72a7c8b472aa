package main

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"moduletwin/pkg/localhub"
)

// TestAdvice lists the advice that the hub gives, after the reason, when it
// cannot start.
func TestAdvice(t *testing.T) {
	data := t.TempDir()
	s := settings{listen: []string{"localhost:8883", "localhost:443"}, data: data}
	own := `Name another folder with -data, or make this one yours: sudo chown -R "$USER" '` + data + `'`
	program, _ := os.Executable()
	listen := func(address string, err error) error {
		return fmt.Errorf("localhub: %w", &localhub.ListenError{Address: address, Err: err})
	}
	open := func(err error) error {
		return fmt.Errorf("localhub: %w", &fs.PathError{Op: "open", Path: data, Err: err})
	}
	for _, row := range []struct {
		err    error
		system string
		says   string
	}{
		{open(localhub.ErrInUse), "linux", "A local hub is already running in another window: use that one. If it was stopped with Ctrl+Z, type fg there. A second one needs "},
		{listen("localhost:8883", localhub.ErrPortTaken), "linux", "Perhaps a local hub is already running in another window: use that one. For another port: bin/localhub -listen localhost:8884"},
		{listen("localhost:443", localhub.ErrPortTaken), "linux", "To see which one has port 443: sudo ss -ltnp 'sport = :443'"},
		{listen("localhost:443", localhub.ErrPortTaken), "darwin", "sudo lsof -nP -iTCP:443 -sTCP:LISTEN"},
		{listen("localhost:443", localhub.ErrPortTaken), "windows", "netstat -ano -p TCP | findstr :443"},
		{listen("localhost:443", syscall.EACCES), "linux", "after each build: sudo setcap cap_net_bind_service=+ep " + program},
		{listen("localhost:443", syscall.EACCES), "darwin", "Ports below 1024 need a privilege"},
		{open(syscall.ENOSPC), "linux", "The disk is full. Make room"},
		{open(syscall.EDQUOT), "linux", "The disk is full. Make room"},
		{open(errDiskFull), "windows", "The disk is full. Make room"},
		{open(syscall.ENOTDIR), "linux", "-data has to name a folder"},
		{open(syscall.EROFS), "linux", own},
		{open(syscall.EACCES), "linux", own},
		{open(syscall.EACCES), "windows", "Name another folder with -data."},
		{open(localhub.ErrUnusable), "linux", "To delete it and start over, add -reset."},
		{open(syscall.EIO), "linux", data + ": input/output error"},
	} {
		lines := strings.Split(explain(row.err, s, row.system).Error(), "\n")
		if lines[0] != row.err.Error() || len(lines) > 2 || !strings.Contains(lines[len(lines)-1], row.says) {
			t.Errorf("on %s: %q, want %q", row.system, lines, row.says)
		}
	}
	s.reset = true
	if err := explain(open(localhub.ErrInUse), s, "linux"); !strings.HasSuffix(err.Error(), "\nEnd that hub first, with Ctrl+C in its window. If it was stopped with Ctrl+Z, type fg there before.") {
		t.Errorf("with -reset: %v", err)
	}
	says := "Name a folder with -data, which cannot be combined with -memory."
	if err := explain(fmt.Errorf("%w: no home", errCertificate), settings{}, "linux"); !strings.HasSuffix(err.Error(), says) {
		t.Errorf("in memory: %v", err)
	}
}
