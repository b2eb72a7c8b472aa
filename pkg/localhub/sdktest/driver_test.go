package sdktest

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"moduletwin/pkg/localhub"
)

// driver is a Python process that makes calls of an SDK.
type driver struct {
	calls   *json.Encoder
	answers chan answer
	events  chan event
	ended   chan struct{} // closed when the process has closed its stdout
}

// answer is what came of a call: a result or the name of an exception, with
// the HTTP status where it has one.
type answer struct {
	Result any
	Error  string
	Status int
}

// event is what an SDK tells without being asked.
type event struct {
	Event string
	Value any
}

// startDriver runs a program of testdata that trusts the hub. It ends with
// the test.
func startDriver(t *testing.T, hub *localhub.Hub, program string) *driver {
	t.Helper()
	os.ReadDir("testdata") // tells the go command that the outcome depends on what is there
	cmd := exec.Command(python(t), filepath.Join("testdata", program))
	cmd.Env = environment(t, hub)
	mistakes := &log{t: t}
	cmd.Stderr = mistakes
	calls, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d := &driver{calls: json.NewEncoder(calls), answers: make(chan answer, 1), events: make(chan event, 256), ended: make(chan struct{})}
	go d.read(answers)
	t.Cleanup(func() {
		calls.Close()
		kill := time.AfterFunc(patience, func() { cmd.Process.Kill() })
		defer kill.Stop()
		<-d.ended
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", program, err)
		}
	})
	return d
}

// environment has the SDKs trust the hub, as a user would, and keeps away
// proxies that are meant for the internet.
func environment(t *testing.T, hub *localhub.Hub) []string {
	t.Helper()
	certificate := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(certificate, hub.CertificatePEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{
		"REQUESTS_CA_BUNDLE=" + certificate, // what azure-iot-hub reads
		"SSL_CERT_FILE=" + certificate,      // what azure-iot-device reads
		"PYTHONDONTWRITEBYTECODE=1",
	}
	for _, setting := range os.Environ() {
		name, _, _ := strings.Cut(strings.ToUpper(setting), "=")
		if !strings.HasSuffix(name, "_PROXY") && name != "REQUESTS_CA_BUNDLE" && name != "SSL_CERT_FILE" {
			env = append(env, setting)
		}
	}
	return env
}

// read takes lines until there are no more.
func (d *driver) read(lines io.Reader) {
	defer close(d.ended)
	scanner := bufio.NewScanner(lines)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var line struct {
			event
			answer
		}
		if json.Unmarshal(scanner.Bytes(), &line) != nil {
			continue // an SDK that prints
		}
		if line.event.Event != "" {
			d.events <- line.event
		} else {
			d.answers <- line.answer
		}
	}
}

// try makes a call.
func (d *driver) try(t *testing.T, call string, arguments ...any) answer {
	t.Helper()
	if arguments == nil {
		arguments = []any{}
	}
	if err := d.calls.Encode(map[string]any{"call": call, "arguments": arguments}); err != nil {
		t.Fatalf("%s: %v", call, err)
	}
	select {
	case a := <-d.answers:
		return a
	case <-d.ended:
		t.Fatalf("%s: the program has ended", call)
	case <-time.After(patience):
		t.Fatalf("%s: no answer", call)
	}
	return answer{}
}

// do makes a call that has to succeed.
func (d *driver) do(t *testing.T, call string, arguments ...any) any {
	t.Helper()
	a := d.try(t, call, arguments...)
	if a.Error != "" {
		t.Fatalf("%s: %s %d", call, a.Error, a.Status)
	}
	return a.Result
}

// refused makes a call that has to fail with an HTTP status.
func (d *driver) refused(t *testing.T, status int, call string, arguments ...any) {
	t.Helper()
	if a := d.try(t, call, arguments...); a.Error != "HttpOperationError" || a.Status != status {
		t.Errorf("%s: %q with status %d, want an HttpOperationError with %d", call, a.Error, a.Status, status)
	}
}

// raises makes a call that has to fail with an exception of this name.
func (d *driver) raises(t *testing.T, exception, call string, arguments ...any) {
	t.Helper()
	if a := d.try(t, call, arguments...); a.Error != exception {
		t.Errorf("%s: %q, want %s", call, a.Error, exception)
	}
}

// wait returns the value of the next event, which has to have this name.
func (d *driver) wait(t *testing.T, name string) any {
	t.Helper()
	select {
	case e := <-d.events:
		if e.Event != name {
			t.Fatalf("the event is %s %v, want %s", e.Event, e.Value, name)
		}
		return e.Value
	case <-d.ended:
		t.Fatalf("waiting for %s: the program has ended", name)
	case <-time.After(patience):
		t.Fatalf("waiting for %s: it does not come", name)
	}
	return nil
}

// log passes on what a process says, without what nobody is to read.
type log struct {
	mu sync.Mutex
	t  *testing.T
}

var secrets = regexp.MustCompile(`((?:SharedAccessKey|sig)=)[^&;\s'"]+`)

func (l *log) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.t.Logf("%s", secrets.ReplaceAll(text, []byte("$1***")))
	return len(text), nil
}
