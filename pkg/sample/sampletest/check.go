package sampletest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// CheckHelp demands that -h is no failure, and goes where output goes.
func CheckHelp(t *testing.T) {
	t.Helper()
	got := Run(t, nil, "-h")
	if got.Code != 0 || got.Stderr != "" || !strings.Contains(got.Stdout, "\nFlags:\n  -") || !strings.Contains(got.Stdout, "\nEnvironment:\n  IOTHUB_") {
		t.Errorf("exit code %d, stderr %q, stdout %q", got.Code, got.Stderr, got.Stdout)
	}
}

// CheckStopped demands that Ctrl+C ends the program while it waits for its
// hub, without success, and what it prints then.
func CheckStopped(t *testing.T, lines ...string) {
	t.Helper()
	asked := make(chan struct{}, 8)
	program := Start(t, ServedBy(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // only then the server notices that the client is gone
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	<-asked
	program.Stop(1, lines...)
}

// CheckFullDisk demands that what could not be printed is no success.
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

// CheckProxy demands that the program goes through the proxy that the
// environment names, which refuses with a status, and what it says then.
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
