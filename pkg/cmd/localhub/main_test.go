package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"moduletwin/pkg/internal/trust"
	"moduletwin/pkg/iothub"
)

// runMain is the environment variable that makes the test binary run as the
// program. With the value inHurry, the program waits only briefly when it ends.
const (
	runMain = "LOCALHUB_TEST_RUN_MAIN"
	inHurry = "in a hurry"
)

func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		if os.Getenv(runMain) == inHurry {
			shutdownLimit, flushLimit = shutdownLimit/10, flushLimit/10
		}
		main()
		return
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0") // otherwise each program ends a second later under the race detector
	os.Exit(m.Run())
}

// program returns a command for the program with these arguments and its own
// folder for settings.
func program(t *testing.T, config string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append([]string{runMain + "=1"}, os.Environ()...) // which may set runMain to another value
	cmd.Env = append(cmd.Env, "XDG_CONFIG_HOME="+config, "HOME="+config, "APPDATA="+config, "AppData="+config)
	return cmd
}

// started is the program after it has printed its banner.
type started struct {
	cmd    *exec.Cmd
	stdin  io.Writer
	stdout *bufio.Scanner
	stderr *bufio.Reader
	banner string
	hub    iothub.ConnectionString
}

func start(t *testing.T, config string, args ...string) *started {
	t.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); out.Close() })
	s := startAt(t, in, config, args...)
	s.stdin = out
	return s
}

// startAt starts the program with stdin, and reads the banner.
func startAt(t *testing.T, stdin *os.File, config string, args ...string) *started {
	t.Helper()
	s := &started{cmd: program(t, config, args...)}
	s.cmd.Stdin = stdin
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.stderr = bufio.NewReader(stderr)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Kill(); s.cmd.Wait() })
	s.stdout = bufio.NewScanner(stdout)
	for s.stdout.Scan() && !strings.Contains(s.stdout.Text(), "Ctrl+C") {
		s.banner += s.stdout.Text() + "\n"
	}
	_, rest, _ := strings.Cut(s.banner, `IOTHUB_CONNECTION_STRING="`)
	if runtime.GOOS == "windows" {
		_, rest, _ = strings.Cut(s.banner, `IOTHUB_CONNECTION_STRING = "`)
	}
	text, _, _ := strings.Cut(rest, `"`)
	if s.hub, err = iothub.ParseConnectionString(text); err != nil {
		t.Fatalf("the banner contains no connection string (%v):\n%s", err, s.banner)
	}
	return s
}

// end interrupts the program and expects success.
func (s *started) end(t *testing.T) {
	t.Helper()
	s.cmd.Process.Signal(os.Interrupt)
	io.Copy(io.Discard, s.stderr)
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("after an interrupt: %v", err)
	}
}

// says reads from stdout until a line contains text.
func (s *started) says(t *testing.T, text string) {
	t.Helper()
	for s.stdout.Scan() {
		if strings.Contains(s.stdout.Text(), text) {
			return
		}
	}
	t.Fatalf("the output ended without %q", text)
}

// log reads from stderr until a line contains text.
func (s *started) log(t *testing.T, text string) {
	t.Helper()
	for {
		line, err := s.stderr.ReadString('\n')
		if err != nil {
			t.Fatalf("the log ended without %q: %v", text, err)
		}
		if strings.Contains(line, text) {
			return
		}
	}
}

// TestProgram is a learner's session: start the hub, use it, start it again,
// and use the same connection string.
func TestProgram(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("interrupts cannot be sent on Windows")
	}
	config := t.TempDir()
	first := start(t, config, "-listen", "localhost:0")
	t.Setenv("XDG_CONFIG_HOME", config)
	t.Setenv("HOME", config)
	registry, err := iothub.NewRegistry(first.hub, nil) // trusts the certificate in the file that the program wrote
	if err != nil {
		t.Fatal(err)
	}
	if _, err := registry.CreateDevice(t.Context(), iothub.Device{DeviceID: "d"}); err != nil {
		t.Fatal(err)
	}
	first.log(t, "PUT /devices/d: 200")

	other := program(t, config, "-listen", "localhost:0")
	if out, err := other.CombinedOutput(); other.ProcessState.ExitCode() != 1 || !bytes.Contains(out, []byte("another local hub is using this folder")) {
		t.Errorf("a second hub on the same data: %v, %s", err, out)
	}

	io.WriteString(first.stdin, "Throttle 1\n")
	first.says(t, "throttle: ")
	if _, err := registry.GetDevice(t.Context(), "d"); err != nil { // retries
		t.Error(err)
	}
	first.log(t, "429")
	io.WriteString(first.stdin, "refuse 10ms\n")
	first.says(t, "refuse: ")
	first.log(t, "the hub accepts connections again")
	first.end(t)

	second := start(t, config, "-listen", "localhost:0") // the port of the first may be taken by now
	first.hub.HostName = second.hub.HostName
	if second.hub.Reveal() != first.hub.Reveal() {
		t.Error("the connection string has changed")
	}
	if registry, err = iothub.NewRegistry(first.hub, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := registry.GetDevice(t.Context(), "d"); err != nil {
		t.Error(err)
	}
	second.end(t)
	if runtime.GOOS != "windows" {
		info, err := os.Stat(filepath.Join(config, "iothub-localhub", "ca.pem"))
		if err != nil || info.Mode().Perm() != 0o644 {
			t.Errorf("the certificate: %v, %v", info, err)
		}
	}
}

// TestTrouble lists what can go wrong at the start, with exit code and message.
func TestTrouble(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	for _, row := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"port in use", []string{"-memory", "-listen", "localhost:" + port}, 1, "For another port: bin/localhub -listen localhost:"},
		{"no port", []string{"-listen", "localhost"}, 2, "host:port"},
		{"no such port", []string{"-listen", "localhost:65536"}, 2, "from 1 to 65535"},
		{"unknown flag", []string{"-port", "1"}, 2, "-port"},
		{"a bad address for the page", []string{"-portal", "8880"}, 2, "localhost:8880"},
		{"the page on another machine", []string{"-memory", "-listen", "localhost:0", "-portal", "203.0.113.1:80"}, 1, "-portal off"},
		{"an argument", []string{"start"}, 2, `unexpected argument "start"`},
		{"reset and memory", []string{"-reset", "-memory"}, 2, "there is nothing to delete"},
		{"data and memory", []string{"-memory", "-data", "x"}, 2, "cannot be combined"},
		{"data in a file", []string{"-data", file, "-listen", "localhost:0"}, 1, "not a directory"},
		{"help", []string{"-h"}, 0, "localhost:8883"},
	} {
		t.Run(row.name, func(t *testing.T) {
			cmd := program(t, t.TempDir(), row.args...)
			out, _ := cmd.CombinedOutput()
			if cmd.ProcessState.ExitCode() != row.code || !strings.Contains(string(out), row.says) {
				t.Errorf("exit code %d, %s\nwant %d and %q", cmd.ProcessState.ExitCode(), out, row.code, row.says)
			}
			if lines := bytes.Count(out, []byte("\n")); row.code > 0 && lines > 2 {
				t.Errorf("%d lines are too many", lines)
			}
		})
	}
}

// TestTerminated checks that SIGTERM and the end of the terminal work like
// Ctrl+C, and that a hub without data leaves no certificate behind.
func TestTerminated(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("signals cannot be sent on Windows")
	}
	ends := []syscall.Signal{syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		ends = append(ends, syscall.SIGHUP)
	}
	for _, end := range ends {
		config := t.TempDir()
		useConfig(t, config)
		s := start(t, config, "-memory", "-listen", "localhost:0")
		s.cmd.Process.Signal(end)
		io.Copy(io.Discard, s.stderr)
		if err := s.cmd.Wait(); err != nil {
			t.Errorf("after %v: %v", end, err)
		}
		folder, err := trust.LocalFolder()
		if err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadDir(folder); len(left) > 0 || err != nil {
			t.Errorf("after %v, %v are left, %v", end, left, err)
		}
	}
}
