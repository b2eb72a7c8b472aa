package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"moduletwin/pkg/internal/trust"
	"moduletwin/pkg/iothub"
)

// TestUnreadLog checks that a hub whose log is not read goes on serving, and
// ends when told to.
func TestUnreadLog(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("interrupts cannot be sent on Windows")
	}
	config := t.TempDir()
	t.Setenv(runMain, inHurry)
	s := start(t, config, "-memory", "-listen", "localhost:0")
	useConfig(t, config)
	registry, err := iothub.NewRegistry(s.hub, nil)
	if err != nil {
		t.Fatal(err)
	}
	id := strings.Repeat("x", 128)
	for range 600 { // far more than the 64 KiB that a pipe holds
		if _, err := registry.GetDevice(t.Context(), id); !errors.Is(err, iothub.ErrNotFound) {
			t.Fatal(err)
		}
	}
	s.cmd.Process.Signal(os.Interrupt)
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("after an interrupt: %v", err)
	}
}

// TestHangs checks that a hub that cannot even print its banner ends by force
// some time after SIGTERM.
func TestHangs(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("interrupts cannot be sent on Windows")
	}
	unread, full, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer unread.Close()
	full.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
	io.Copy(full, zeros{}) // until no more fits
	config := t.TempDir()
	useConfig(t, config)
	folder, err := trust.LocalFolder()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(runMain, inHurry)
	cmd := program(t, config, "-memory", "-listen", "localhost:0")
	cmd.Stdout = full
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	full.Close()
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	for !holdsCertificate(folder) { // the banner comes next
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ended:
			t.Fatalf("%v before there was a certificate: %s", cmd.ProcessState, stderr.String())
		}
	}
	cmd.Process.Signal(syscall.SIGTERM)
	<-ended
	if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(stderr.String(), "forced to end") {
		t.Errorf("%v, %s", cmd.ProcessState, stderr.String())
	}
}

func holdsCertificate(folder string) bool {
	files, _ := filepath.Glob(filepath.Join(folder, "*.pem"))
	return len(files) > 0
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// useConfig makes clients in the test look for certificates where a program
// with this folder for settings puts them.
func useConfig(t *testing.T, config string) {
	for _, variable := range []string{"XDG_CONFIG_HOME", "HOME", "APPDATA", "AppData"} {
		t.Setenv(variable, config)
	}
}
