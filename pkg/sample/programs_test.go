package sample_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"moduletwin/pkg/internal/terminal"
	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// TestCreateModule: the second time, the same keys are looked up.
func TestCreateModule(t *testing.T) {
	w := newWorld(t)
	first := run(t, w.service("serviceAndRegistryReadWrite"), create)
	want := regexp.MustCompile(`^device <myFirstDevice> has primary key = (\S{44})
device/module <myFirstDevice/myFirstModule> has primary key = (\S{44})
module connection string = HostName=` + w.hub.HostName() + `;DeviceId=myFirstDevice;ModuleId=myFirstModule;SharedAccessKey=(\S{44})
$`)
	keys := want.FindStringSubmatch(first.stdout)
	if first.code != 0 || first.stderr != "" || keys == nil || keys[2] != keys[3] {
		t.Fatalf("exit code %d, stderr %q, stdout %q", first.code, first.stderr, secret.ReplaceAllString(first.stdout, "<KEY>"))
	}
	if second := run(t, w.service("serviceAndRegistryReadWrite"), create); second != first {
		t.Error("the second time, something else is printed")
	}
	other := run(t, w.service("serviceAndRegistryReadWrite"), create, "-device", "other", "-module", "one")
	if other.code != 0 || !strings.Contains(other.stdout, "device/module <other/one> has primary key = ") {
		t.Errorf("exit code %d, stdout %q", other.code, secret.ReplaceAllString(other.stdout, "<KEY>"))
	}
}

const untouched = `
Module twin properties before update    :
{
  "desired": {
    "$metadata": {
      "$lastUpdated": "0001-01-01T00:00:00Z"
    },
    "$version": 1
  },
  "reported": {
    "$metadata": {
      "$lastUpdated": "0001-01-01T00:00:00Z"
    },
    "$version": 1
  }
}

Module twin properties after update     :
{
  "desired": {
`

// TestUpdateModuleTwin goes through the forms of -set.
func TestUpdateModuleTwin(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string // the desired properties afterwards
	}{
		{nil, `{"$version":2,"telemetryInterval":122}`},
		{[]string{"-set", "a=1", "-set", "b=text", "-set", `c={"d":[true,1.5]}`}, `{"$version":2,"a":1,"b":"text","c":{"d":[true,1.5]}}`},
		{[]string{"-set", `a="1"`, "-set", "b="}, `{"$version":2,"a":"1","b":""}`},
		{[]string{"-set", "a=1", "-set", "a=null"}, `{"$version":2}`},
		{[]string{"-set", "a=b=c"}, `{"$version":2,"a":"b=c"}`},
	} {
		w := newWorld(t)
		w.hub.AddModule("myFirstDevice", "myFirstModule")
		got := run(t, w.service("service"), update, c.args...)
		if got.code != 0 || got.stderr != "" || !strings.HasPrefix(got.stdout, untouched) {
			t.Errorf("%q: exit code %d, stderr %q, stdout %q", c.args, got.code, got.stderr, got.stdout)
		}
		twin, _ := w.hub.Twin("myFirstDevice", "myFirstModule")
		delete(twin.Properties.Desired, "$metadata")
		if desired := twin.Properties.Desired.String(); desired != c.want {
			t.Errorf("%q: the desired properties are %s, want %s", c.args, desired, c.want)
		}
	}
}

// receiver is a running receivemoduletwinpatch.
type receiver struct {
	*terminal.Program
	t *testing.T
}

func startReceiver(t *testing.T, w *world, module iothub.ConnectionString, args ...string) receiver {
	t.Helper()
	cmd := command(t, moduleSettings(w, module), receive, args...)
	return receiver{launch(t, cmd), t}
}

func moduleSettings(w *world, c iothub.ConnectionString) map[string]string {
	return module(c.String(), w.caFile)
}

func launch(t *testing.T, cmd *exec.Cmd) *terminal.Program {
	t.Helper()
	program, err := terminal.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(program.Kill)
	return program
}

// prints demands what is printed next, up to the last of lines.
func (r receiver) prints(lines ...string) {
	r.t.Helper()
	last := lines[len(lines)-1]
	if got := readUntil(r.t, r.Program, last); !slices.Equal(got, lines) {
		r.t.Fatalf("printed is %q, want %q", got, lines)
	}
}

// readUntil returns the lines up to one that holds text; with "", to the end.
func readUntil(t *testing.T, program *terminal.Program, text string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	lines, _, err := program.Read(ctx, func(line string) bool { return text != "" && strings.Contains(line, text) })
	if err != nil {
		t.Fatalf("waited in vain for %q; printed is %q", text, lines)
	}
	return lines
}

var greeting = []string{
	"Starting the IoT Hub Go sample...",
	"IoTHubModuleClient waiting for commands, press Ctrl-C to exit",
}

// TestReceive: every change is printed, to the letter, over both transports,
// and Ctrl+C is a success.
func TestReceive(t *testing.T) {
	for _, args := range [][]string{nil, {"-websocket"}} {
		w := newWorld(t)
		r := startReceiver(t, w, w.hub.AddModule("myFirstDevice", "myFirstModule"), args...)
		r.prints(greeting...)
		w.hub.PatchDesired("myFirstDevice", "myFirstModule", map[string]any{"telemetryInterval": 122})
		r.prints("", "Twin desired properties patch received:", `{"$version":2,"telemetryInterval":122}`)
		w.hub.PatchDesired("myFirstDevice", "myFirstModule", map[string]any{"telemetryInterval": nil, "<&>": "ü"})
		r.prints("", "Twin desired properties patch received:", `{"$version":3,"<&>":"ü","telemetryInterval":null}`)
		if err := r.Interrupt(); err != nil {
			t.Fatal(err)
		}
		if rest := readUntil(t, r.Program, ""); !slices.Equal(rest, []string{"IoTHubModuleClient sample stopped"}) || r.ExitCode() != 0 {
			t.Errorf("after Ctrl+C: exit code %d, %q", r.ExitCode(), rest)
		}
	}
}

const contested = `^receivemoduletwinpatch: the hub keeps closing the connection: is another client signed in as module "myFirstModule" of device "myFirstDevice"\?$`

// TestContested: when connections keep being closed, the likely cause is
// named.
func TestContested(t *testing.T) {
	w := newWorld(t)
	r := startReceiver(t, w, w.hub.AddModule("myFirstDevice", "myFirstModule"))
	r.prints(greeting...)
	for closings := 1; closings < 4; closings++ {
		w.hub.Disconnect("myFirstDevice", "myFirstModule", localhub.Cut)
		readUntil(t, r.Program, "connected again")
	}
	w.hub.Disconnect("myFirstDevice", "myFirstModule", localhub.Cut)
	lines := readUntil(t, r.Program, "another client")
	if last := lines[len(lines)-1]; !regexp.MustCompile(contested).MatchString(last) {
		t.Errorf("it says %q", last)
	}
}

// TestStopped: Ctrl+C ends a program of the service side that is waiting for
// its hub, without success.
func TestStopped(t *testing.T) {
	asked := make(chan struct{}, 8)
	for _, program := range []string{create, update} {
		settings := imposed(t, func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body) // only then the server notices that the client is gone
			asked <- struct{}{}
			<-r.Context().Done()
		})
		p := launch(t, command(t, settings, program))
		<-asked
		if err := p.Interrupt(); err != nil {
			t.Fatal(err)
		}
		want := []string{"IoTHubRegistryManager sample stopped"}
		if program == create { // it was about to write
			want = slices.Insert(want, 0, "createmodule: An answer was lost: the hub may have carried it out all the same.")
		}
		if rest := readUntil(t, p, ""); !slices.Equal(rest, want) || p.ExitCode() != 1 {
			t.Errorf("%s: after Ctrl+C: exit code %d, %q", program, p.ExitCode(), rest)
		}
	}
}

// TestHelp: -h is no failure, and goes where output goes.
func TestHelp(t *testing.T) {
	for _, program := range []string{create, update, receive} {
		got := run(t, nil, program, "-h")
		if got.code != 0 || got.stderr != "" || !strings.Contains(got.stdout, "\nFlags:\n  -") || !strings.Contains(got.stdout, "\nEnvironment:\n  IOTHUB_") {
			t.Errorf("%s: exit code %d, stderr %q, stdout %q", program, got.code, got.stderr, got.stdout)
		}
	}
}

// TestProxy: HTTPS and MQTT over WebSocket go through the proxy that the
// environment names, and what a proxy refuses is told.
func TestProxy(t *testing.T) {
	for _, c := range []struct {
		program string
		args    []string
		setting map[string]string
		says    string
	}{
		{create, nil, service(policyString("hub.example"), ""),
			`createmodule: iothub: create device "myFirstDevice": through the proxy 127.0.0.1:8883: Forbidden`},
		{receive, []string{"-websocket"}, module(moduleString("hub.example"), ""),
			`receivemoduletwinpatch: iotmodule: sign in as module "myFirstModule" of device "myFirstDevice": through the proxy 127.0.0.1:8883: Forbidden`},
	} {
		asked := make(chan string, 8)
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked <- r.Method + " " + r.Host
			w.WriteHeader(http.StatusForbidden)
		}))
		c.setting["HTTPS_PROXY"] = strings.Replace(proxy.URL, "//", "//user:secret@", 1)
		got := run(t, c.setting, c.program, c.args...)
		proxy.Close()
		close(asked)
		if first := <-asked; first != "CONNECT hub.example:443" {
			t.Errorf("%s asked the proxy for %q", c.program, first)
		}
		if got.code != 1 || plain(got.stderr) != c.says {
			t.Errorf("%s: exit code %d, stderr %q", c.program, got.code, got.stderr)
		}
	}
}

// TestFullDisk: what could not be printed is no success.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer full.Close()
	w := newWorld(t)
	for _, program := range []string{create, update} {
		cmd := command(t, w.service("serviceAndRegistryReadWrite"), program)
		cmd.Stdout = full
		if err := cmd.Run(); err == nil {
			t.Errorf("%s: exit code 0", program)
		}
	}
}
