package sampletest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// CheckHelp checks that -h succeeds and prints to standard output.
func CheckHelp(t *testing.T) {
	t.Helper()
	got := Run(t, nil, "-h")
	if got.Code != 0 || got.Stderr != "" || !strings.Contains(got.Stdout, "\nFlags:\n  -") || !strings.Contains(got.Stdout, "\nEnvironment:\n  IOTHUB_") {
		t.Errorf("exit code %d, stderr %q, stdout %q", got.Code, got.Stderr, got.Stdout)
	}
}

// CheckStopped checks that Ctrl+C ends the program while it waits for its hub,
// that the exit code is 1, and that these lines are printed then.
func CheckStopped(t *testing.T, lines ...string) {
	t.Helper()
	asked := make(chan struct{}, 8)
	program := Start(t, ServedBy(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // needed for the server to notice that the client is gone
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	<-asked
	program.Stop(1, lines...)
}

// CheckFullDisk checks that the program fails if its output cannot be written.
func CheckFullDisk(t *testing.T, env Env) {
	t.Helper()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer full.Close()
	cmd := Command(t, env)
	cmd.Stdout = full
	if err := cmd.Run(); err == nil {
		t.Error("exit code 0")
	}
}

// CheckProxy checks that the program uses the proxy that the environment names,
// and what it prints when the proxy refuses with a status.
func CheckProxy(t *testing.T, status int, says string, args ...string) {
	t.Helper()
	asked := make(chan string, 8)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.Host
		w.WriteHeader(status)
	}))
	defer proxy.Close()
	got := Run(t, Env{
		"IOTHUB_CONNECTION_STRING":        PolicyString("hub.example"),
		"IOTHUB_MODULE_CONNECTION_STRING": ModuleString("hub.example"),
		"HTTPS_PROXY":                     strings.Replace(proxy.URL, "//", "//user:secret@", 1),
	}, args...)
	select {
	case first := <-asked:
		if first != "CONNECT hub.example:443" {
			t.Errorf("the proxy was asked for %q", first)
		}
	default:
		t.Error("the proxy was not asked")
	}
	if got.Code != 1 || Plain(got.Stderr) != says {
		t.Errorf("exit code %d, stderr %q", got.Code, got.Stderr)
	}
}

// CheckProxyAway checks that the program blames the proxy if nothing listens at
// its address, or if that does not exist.
func CheckProxyAway(t *testing.T, args ...string) {
	t.Helper()
	for _, proxy := range []string{"http://127.0.0.1:1", "http://my..proxy:3128"} {
		got := Run(t, Env{
			"IOTHUB_CONNECTION_STRING":        PolicyString("hub.example"),
			"IOTHUB_MODULE_CONNECTION_STRING": ModuleString("hub.example"),
			"HTTPS_PROXY":                     proxy,
		}, args...)
		const says = "\nThe proxy cannot be reached. Check its address in HTTPS_PROXY.\n"
		if got.Code != 1 || !strings.HasSuffix(got.Stderr, says) {
			t.Errorf("%s: exit code %d, stderr %q", proxy, got.Code, got.Stderr)
		}
	}
}
