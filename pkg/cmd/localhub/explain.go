package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"moduletwin/pkg/localhub"
)

// explain adds advice to an error that occurred at startup. The advice depends
// on the operating system, a value of [runtime.GOOS].
func explain(err error, s settings, system string) error {
	if advice := advise(err, s, system); advice != "" {
		return fmt.Errorf("%w\n%s", err, advice)
	}
	return err
}

func advise(err error, s settings, system string) string {
	port := portOf(err)
	switch {
	case errors.Is(err, errPortal):
		return "Name another address with -portal, or do without the page: -portal off"
	case errors.Is(err, localhub.ErrInUse) && s.reset:
		return "End that hub first, with Ctrl+C in its window. If it was stopped with Ctrl+Z, type fg there before."
	case errors.Is(err, localhub.ErrInUse):
		return "A local hub is already running in another window: use that one. If it was stopped with Ctrl+Z, type fg there. A second one needs -memory (or another -data) and another -listen."
	case errors.Is(err, localhub.ErrPortTaken) && port < lowPorts:
		return fmt.Sprintf("To see which one has port %d: %s", port, whoListens(port, system))
	case errors.Is(err, localhub.ErrPortTaken):
		return fmt.Sprintf("Perhaps a local hub is already running in another window: use that one. For another port: %s -listen localhost:%d", filepath.FromSlash("bin/localhub"), port+1)
	case errors.Is(err, fs.ErrPermission) && port > 0:
		return adviseLowPort(system)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), system == "windows" && errors.Is(err, errDiskFull):
		return "The disk is full. Make room, or name a folder on another one with -data."
	case errors.Is(err, syscall.ENOTDIR):
		return "-data has to name a folder, not a file."
	case errors.Is(err, errCertificate) && s.data == "":
		return "Clients have to find it there. Name a folder with -data, which cannot be combined with -memory."
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return "The hub has to write there. Name another folder with -data" + orOwn(s.data, system)
	case errors.Is(err, localhub.ErrUnusable):
		return "To delete it and start over, add -reset."
	}
	return ""
}

// lowPorts is the first port that needs no special privilege; on many systems,
// those below it do.
const lowPorts = 1024

// errDiskFull is ERROR_DISK_FULL of Windows; package syscall has no name for
// it.
const errDiskFull = syscall.Errno(112)

// portOf returns the port that could not be opened, or 0 if err is about
// something else.
func portOf(err error) int {
	var listen *localhub.ListenError
	if !errors.As(err, &listen) {
		return 0
	}
	_, text, _ := net.SplitHostPort(listen.Address)
	port, _ := strconv.Atoi(text)
	return port
}

// whoListens returns a command that shows which program listens on a port.
func whoListens(port int, system string) string {
	switch system {
	case "windows":
		return fmt.Sprintf("netstat -ano -p TCP | findstr :%d", port)
	case "linux":
		return fmt.Sprintf("sudo ss -ltnp 'sport = :%d'", port)
	default:
		return fmt.Sprintf("sudo lsof -nP -iTCP:%d -sTCP:LISTEN", port)
	}
}

func adviseLowPort(system string) string {
	if system != "linux" {
		return fmt.Sprintf("Ports below %d need a privilege on this machine.", lowPorts)
	}
	program, err := os.Executable()
	if err != nil {
		program = os.Args[0]
	}
	return fmt.Sprintf("On Linux, ports below %d need a privilege. Grant it to the program after each build: sudo setcap cap_net_bind_service=+ep %s", lowPorts, program)
}

// orOwn returns the end of the advice to name another folder. If the folder
// exists, it offers to change the owner instead: such a folder was often
// created by a hub that ran with sudo.
func orOwn(folder, system string) string {
	if _, err := os.Stat(folder); err != nil || system == "windows" {
		return "."
	}
	return fmt.Sprintf(`, or make this one yours: sudo chown -R "$USER" '%s'`, folder)
}
