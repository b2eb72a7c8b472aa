package sdktest

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"moduletwin/pkg/localhub"
)

// driver is a process that makes calls of one language's SDKs.
type driver struct {
	calls   *json.Encoder
	answers chan answer
	patches chan any      // patches of desired properties, in the order in which the client receives them
	gaveUp  chan struct{} // receives a value when a client has lost its connection for good
	ended   chan struct{} // closed when the process has closed its stdout
	hangs   string        // the call that was not answered; no later call is answered either
}

// answer is the outcome of a call: a result or the name of an error, with the
// hub's status if the SDK reveals it.
type answer struct {
	Result any
	Error  string
	Status int
}

// event is what an SDK reports without being asked.
type event struct {
	Event string
	Value any
}

// startDriver starts the driver of a language, which trusts the hub. It ends
// with the test.
func startDriver(t *testing.T, l language, classes string, hub *localhub.Hub) *driver {
	t.Helper()
	os.ReadDir("testdata") // lets the go command know that the result depends on these files
	certificate := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(certificate, hub.CertificatePEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := l.command(l.folder(t), classes, certificate)
	cmd.Stderr = &log{t: t}
	calls, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		missing(t, "%s: %v", l.name, err)
	}
	d := &driver{calls: json.NewEncoder(calls), answers: make(chan answer, 1), patches: make(chan any, 256), gaveUp: make(chan struct{}, 256), ended: make(chan struct{})}
	go d.read(answers)
	t.Cleanup(func() {
		calls.Close()
		kill := time.AfterFunc(patience, func() { cmd.Process.Kill() })
		defer kill.Stop()
		<-d.ended
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", l.name, err)
		}
	})
	return d
}

// environment returns the environment of this process without proxies, which
// are meant for the internet, and without other certificates.
func environment() []string {
	var env []string
	for _, setting := range os.Environ() {
		name, _, _ := strings.Cut(strings.ToUpper(setting), "=")
		if !strings.HasSuffix(name, "_PROXY") && name != "REQUESTS_CA_BUNDLE" && name != "SSL_CERT_FILE" && name != "NODE_EXTRA_CA_CERTS" {
			env = append(env, setting)
		}
	}
	return env
}

// read handles lines until there are no more.
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
			continue // printed by an SDK
		}
		switch line.Event {
		case "patch":
			d.patches <- line.Value
		case "gaveUp":
			d.gaveUp <- struct{}{}
		default:
			d.answers <- line.answer
		}
	}
}

// try makes a call.
func (d *driver) try(t testing.TB, call string, arguments ...any) answer {
	t.Helper()
	if d.hangs != "" {
		t.Fatalf("%s: the driver still hangs in %s", call, d.hangs)
	}
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
		t.Fatalf("%s: the driver has ended", call)
	case <-time.After(patience):
		d.hangs = call
		t.Fatalf("%s: no answer", call)
	}
	return answer{}
}

// do makes a call that has to succeed.
func (d *driver) do(t testing.TB, call string, arguments ...any) any {
	t.Helper()
	a := d.try(t, call, arguments...)
	if a.Error != "" {
		t.Fatalf("%s: %s with status %d", call, a.Error, a.Status)
	}
	return a.Result
}

// refused makes a call that the hub has to refuse with a status.
func (d *driver) refused(t testing.TB, status int, call string, arguments ...any) {
	t.Helper()
	if a := d.try(t, call, arguments...); a.Error == "" {
		t.Errorf("%s: it succeeded, want status %d", call, status)
	} else if a.Status != status {
		t.Errorf("%s: %s with status %d, want status %d", call, a.Error, a.Status, status)
	}
}

// wait returns the next patch.
func (d *driver) wait(t testing.TB) any {
	t.Helper()
	select {
	case patch := <-d.patches:
		return patch
	case <-d.ended:
		t.Fatal("waiting for a patch: the driver has ended")
	case <-time.After(patience):
		t.Fatal("waiting for a patch: none arrived")
	}
	return nil
}

// forget drops the events of earlier clients.
func (d *driver) forget() {
	for len(d.patches) > 0 {
		<-d.patches
	}
	for len(d.gaveUp) > 0 {
		<-d.gaveUp
	}
}

// log writes the output of a process to the test's log, without secrets.
type log struct {
	mu sync.Mutex
	t  testing.TB
}

var secrets = regexp.MustCompile(`((?:SharedAccessKey|sig)=)[^&;\s'"]+`)

func (l *log) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.t.Logf("%s", secrets.ReplaceAll(text, []byte("$1***")))
	return len(text), nil
}
