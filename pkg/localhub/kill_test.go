package localhub_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

var killRounds = flag.Int("kill.rounds", 3, "how often TestKill kills the hub")

// killFolder is the environment variable that turns a test process into the hub
// that TestKill kills. Its value is the data folder.
const killFolder = "LOCALHUB_TEST_KILL_FOLDER"

// serveUntilKilled runs the hub in that process.
func serveUntilKilled(folder string) {
	hub, err := localhub.Start(&localhub.Options{DataDir: folder})
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "ca.pem"), hub.CertificatePEM(), 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(hub.ConnectionString(localhub.PolicyIoTHubOwner).Reveal())
	bufio.NewReader(os.Stdin).ReadByte() // until it is killed, or the test has ended
	os.Exit(0)
}

// TestKill kills a hub while eight writers create modules and change twins:
// everything that was acknowledged is there when the hub runs again.
func TestKill(t *testing.T) {
	folder := t.TempDir()
	writers := make([]writer, 8)
	total := int32(0)
	for round := range *killRounds {
		registry, kill := startToKill(t, folder)
		for i := range writers {
			writers[i].check(t, registry, round, i)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var acknowledged atomic.Int32
		enough := make(chan struct{})
		target := 50 + rand.Int32N(200)
		var running sync.WaitGroup
		for i := range writers {
			running.Go(func() {
				writers[i].write(ctx, registry, round, i, func() {
					if acknowledged.Add(1) == target {
						close(enough)
					}
				})
			})
		}
		<-enough
		kill()
		cancel()
		running.Wait()
		total += acknowledged.Load()
	}
	registry, kill := startToKill(t, folder)
	defer kill()
	for i := range writers {
		writers[i].check(t, registry, *killRounds, i)
	}
	t.Logf("%d rounds, %d acknowledged writes", *killRounds, total)
}

// startToKill starts a hub in its own process and returns a client for it.
func startToKill(t *testing.T, folder string) (*iothub.Registry, func()) {
	t.Helper()
	owner, roots, _, kill := startProcess(t, folder)
	registry, err := iothub.NewRegistry(owner, &iothub.Options{RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	return registry, kill
}

// startProcess starts a hub in its own process, and returns how to connect to
// it and how to kill it.
func startProcess(t testing.TB, folder string) (owner iothub.ConnectionString, roots *x509.CertPool, id int, kill func()) {
	t.Helper()
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), killFolder+"="+folder)
	process.Stderr = os.Stderr
	stdin, err := process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() {
		process.Process.Kill()
		stdin.Close()
		process.Wait()
	})
	t.Cleanup(kill)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the hub does not start: %v", err)
	}
	if owner, err = iothub.ParseConnectionString(strings.TrimSpace(line)); err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(filepath.Join(folder, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return owner, roots, process.Process.Pid, kill
}

// writer keeps what the hub has acknowledged to it.
type writer struct {
	modules []string
	count   int   // the desired property "count" of the last module
	version int64 // of the desired properties of the last module
}

// write creates and changes modules on its own device until the hub is killed.
func (w *writer) write(ctx context.Context, registry *iothub.Registry, round, number int, acknowledged func()) {
	device := fmt.Sprintf("device-%d-%d", round, number)
	if _, err := registry.CreateDevice(ctx, iothub.Device{DeviceID: device}); err != nil {
		return
	}
	w.modules, w.count, w.version = nil, 0, 0
	for m := 0; m < 50; m++ {
		module := fmt.Sprint("module-", m)
		if _, err := registry.CreateModule(ctx, iothub.Module{DeviceID: device, ModuleID: module}); err != nil {
			return
		}
		w.modules = append(w.modules, module)
		w.count, w.version = 0, 1
		acknowledged()
		for range 5 {
			patch := iothub.TwinPatch{Desired: map[string]any{"count": w.count + 1}}
			twin, err := registry.UpdateModuleTwin(ctx, device, module, patch, "")
			if err != nil {
				return
			}
			w.count, w.version = w.count+1, twin.Properties.Desired.Version()
			acknowledged()
		}
	}
	<-ctx.Done()
}

// check looks for everything that was acknowledged in the previous round. There
// may be one change more, whose response was lost.
func (w *writer) check(t *testing.T, registry *iothub.Registry, round, number int) {
	t.Helper()
	device := fmt.Sprintf("device-%d-%d", round-1, number)
	for i, module := range w.modules {
		twin, err := registry.GetModuleTwin(t.Context(), device, module)
		if err != nil {
			t.Errorf("round %d: %s of %s was acknowledged: %v", round, module, device, err)
			continue
		}
		count, _ := twin.Properties.Desired["count"].(float64)
		version := twin.Properties.Desired.Version()
		wantCount, wantVersion := 5, int64(6)
		if i == len(w.modules)-1 {
			wantCount, wantVersion = w.count, w.version
		}
		if int(count) < wantCount || int(count) > wantCount+1 || version < wantVersion || version != int64(count)+1 {
			t.Errorf("round %d: count %v in version %d, but %d in %d was acknowledged", round, count, version, wantCount, wantVersion)
		}
	}
	if _, err := registry.GetModuleTwin(t.Context(), device, "none"); round > 0 && !errors.Is(err, iothub.ErrNotFound) {
		t.Errorf("a module that was never created: %v", err)
	}
}
