package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"moduletwin/pkg/localhub/event"
	"moduletwin/pkg/sample/sampletest"
)

func TestMain(m *testing.M) { sampletest.Main(m, main) }

// start starts the program as a module of the hub and waits until it is ready.
func start(t *testing.T, hub sampletest.Hub, args ...string) sampletest.Running {
	t.Helper()
	program := sampletest.Start(t, hub.Module(hub.AddModule("myFirstDevice", "myFirstModule")), args...)
	program.Prints(
		"Starting the IoT Hub Go sample...",
		"IoTHubModuleClient waiting for commands, press Ctrl-C to exit")
	return program
}

// TestReceive checks that every change is printed exactly, over both
// transports, and that Ctrl+C ends the program with success.
func TestReceive(t *testing.T) {
	for _, args := range [][]string{nil, {"-websocket"}} {
		hub := sampletest.NewHub(t)
		program := start(t, hub, args...)
		hub.PatchDesired("myFirstDevice", "myFirstModule", map[string]any{"telemetryInterval": 122})
		program.Prints("", "Twin desired properties patch received:", `{"$version":2,"telemetryInterval":122}`)
		hub.PatchDesired("myFirstDevice", "myFirstModule", map[string]any{"telemetryInterval": nil, "<&>": "ü"})
		program.Prints("", "Twin desired properties patch received:", `{"$version":3,"<&>":"ü","telemetryInterval":null}`)
		hub.PatchDesired("myFirstDevice", "myFirstModule", map[string]any{"n": 1e20, "\u202eb": "\x1b]0;title\x07\u009b31m\x7f"})
		program.Prints("", "Twin desired properties patch received:", `{"$version":4,"n":1e20,"\u202eb":"\u001b]0;title\u0007\u009b31m\u007f"}`)
		program.Stop(0, "IoTHubModuleClient sample stopped")
	}
}

const contested = `receivemoduletwinpatch: the hub keeps closing the connection: is another client signed in as module "myFirstModule" on device "myFirstDevice"?
End the other one: it may still be running in another window, or be stopped there with Ctrl+Z (type fg, then press Ctrl+C).`

// TestContested checks that the likely cause is printed if the hub keeps
// closing the connection.
func TestContested(t *testing.T) {
	hub := sampletest.NewHub(t)
	program := start(t, hub)
	for closings := range 3 {
		hub.Disconnect("myFirstDevice", "myFirstModule")
		program.Until("connected again")
		hub.PatchDesired("myFirstDevice", "myFirstModule", map[string]any{"closings": closings})
		program.Until(fmt.Sprintf(`"closings":%d`, closings)) // now the program is not waiting for a response
	}
	hub.Disconnect("myFirstDevice", "myFirstModule")
	lines := program.Until("End the other one")
	if said := strings.Join(lines[max(0, len(lines)-2):], "\n"); said != contested {
		t.Errorf("it printed %q", said)
	}
}

func TestHelp(t *testing.T) { sampletest.CheckHelp(t) }

func TestProxy(t *testing.T) {
	for status, says := range map[int]string{
		http.StatusForbidden: "Forbidden",
		http.StatusProxyAuthRequired: `Proxy Authentication Required
Put the user and the password that the proxy wants into its address (HTTPS_PROXY=http://user:password@127.0.0.1:8883).`,
	} {
		sampletest.CheckProxy(t, status, `receivemoduletwinpatch: iotmodule: sign in as module "myFirstModule" on device "myFirstDevice": through the proxy 127.0.0.1:8883: `+says, "-websocket")
	}
}

// TestProxyWithoutReason checks that a proxy that refuses without a reason is an
// error like any other.
func TestProxyWithoutReason(t *testing.T) {
	for _, statusLine := range []string{"HTTP/1.1 407", "HTTP/1.1 407 "} {
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			io.WriteString(conn, statusLine+"\r\n\r\n")
			conn.Close()
		}))
		defer proxy.Close()
		got := sampletest.Run(t, sampletest.Env{"IOTHUB_MODULE_CONNECTION_STRING": sampletest.ModuleString("hub.example"), "HTTPS_PROXY": proxy.URL}, "-websocket")
		want := `receivemoduletwinpatch: iotmodule: sign in as module "myFirstModule" on device "myFirstDevice": through the proxy 127.0.0.1:8883: the proxy refused, without a reason`
		if got.Code != 1 || sampletest.Plain(got.Stderr) != want {
			t.Errorf("%q: exit code %d, stderr %q", statusLine, got.Code, got.Stderr)
		}
	}
}

// TestProxyAway checks that an unreachable proxy is not mistaken for an
// unreachable hub.
func TestProxyAway(t *testing.T) {
	sampletest.CheckProxyAway(t, "-websocket")
}

// TestFullDisk checks that the program fails if a patch cannot be printed.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer full.Close()
	hub := sampletest.NewHub(t)
	cmd := sampletest.Command(t, hub.Module(hub.AddModule("myFirstDevice", "myFirstModule")))
	cmd.Stdout = full
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	events := hub.Events(ctx)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	context.AfterFunc(ctx, func() { cmd.Process.Kill() })
	for e := range events {
		if e.Kind == event.Disconnected {
			break
		}
		// The first change may be part of the state that the program starts from.
		if e.Kind == event.NotificationSent || e.Kind == event.Request && e.Path == "$iothub/twin" {
			hub.PatchDesired("myFirstDevice", "myFirstModule", map[string]any{"n": e.Version})
		}
	}
	if cmd.Wait(); cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("exit code %d, want 1", cmd.ProcessState.ExitCode())
	}
}
