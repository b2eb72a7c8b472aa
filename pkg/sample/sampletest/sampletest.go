// Package sampletest helps to test the sample programs as they are used: a test
// starts the program in its own environment and reads what it prints.
//
// The test binary is also the program, so nothing has to be built:
//
//	func TestMain(m *testing.M) { sampletest.Main(m, main) }
package sampletest

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"moduletwin/pkg/internal/terminal"
)

// asProgram is the environment variable that makes a test binary run as the
// program.
const asProgram = "SAMPLETEST_RUN_MAIN"

// limit is far longer than any program takes.
const limit = time.Minute

// Main does all that TestMain has to: it runs the tests, or main if a test has
// started the binary as the program.
func Main(m *testing.M, main func()) {
	if os.Getenv(asProgram) != "" {
		flag.CommandLine = flag.NewFlagSet(os.Args[0], flag.ExitOnError) // without the flags of the tests
		main()
		return
	}
	m.Run()
}

// Env is what a test sets in the environment of a program.
type Env map[string]string

// Command returns a command that runs the program with args. Of the variables
// that the program reads, only those in env are set.
func Command(t *testing.T, env Env, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	cmd := exec.Command(self, args...)
	cmd.Args[0] = program(self)
	cmd.Env = []string{
		asProgram + "=1",
		"GORACE=atexit_sleep_ms=0", // otherwise each program ends a second later under the race detector
		"GOCOVERDIR=" + flag.Lookup("test.gocoverdir").Value.String(), // what a program does counts towards test coverage
		"HOME=" + home, "USERPROFILE=" + home, "XDG_CONFIG_HOME=" + home, "AppData=" + home,
	}
	for _, name := range []string{"PATH", "SystemRoot", "TMPDIR", "TEMP", "TMP"} {
		cmd.Env = append(cmd.Env, name+"="+os.Getenv(name))
	}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// program returns the name of the program that a test binary stands for.
func program(testBinary string) string {
	return strings.TrimSuffix(strings.TrimSuffix(filepath.Base(testBinary), ".exe"), ".test")
}

// Result is how a program ended.
type Result struct {
	Code           int
	Stdout, Stderr string
}

// Run runs the program to its end.
func Run(t *testing.T, env Env, args ...string) Result {
	t.Helper()
	cmd := Command(t, env, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(limit, func() { cmd.Process.Kill() })
	defer kill.Stop()
	err := cmd.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return Result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// Running is a running program. It is killed at the end of the test.
type Running struct {
	*terminal.Program
	t *testing.T
}

// Start starts the program.
func Start(t *testing.T, env Env, args ...string) Running {
	t.Helper()
	program, err := terminal.Start(Command(t, env, args...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(program.Kill)
	return Running{program, t}
}

// Until returns the lines up to the first that contains text or, if text is "",
// up to the end of the program.
func (r Running) Until(text string) []string {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), limit)
	defer cancel()
	lines, ended, err := r.Read(ctx, func(line string) bool { return text != "" && strings.Contains(line, text) })
	if err != nil || ended && text != "" {
		r.t.Fatalf("waited in vain for %q; it printed %s", text, Masked(fmt.Sprintf("%q", lines)))
	}
	return lines
}

// Prints checks that these lines are printed next.
func (r Running) Prints(lines ...string) {
	r.t.Helper()
	if got := r.Until(lines[len(lines)-1]); !slices.Equal(got, lines) {
		r.t.Fatalf("it printed %s, want %q", Masked(fmt.Sprintf("%q", got)), lines)
	}
}

// Stop presses Ctrl+C and checks what is printed from then on and the exit
// code.
func (r Running) Stop(code int, lines ...string) {
	r.t.Helper()
	if err := r.Interrupt(); err != nil {
		r.t.Fatal(err)
	}
	if got := r.Until(""); !slices.Equal(got, lines) || r.ExitCode() != code {
		r.t.Errorf("after Ctrl+C: exit code %d, %q; want %d, %q", r.ExitCode(), got, code, lines)
	}
}
