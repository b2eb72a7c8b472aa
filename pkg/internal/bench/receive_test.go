//go:build linux

package bench

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// stage is a hub in this process, so that its writes can be observed.
type stage struct {
	*testing.B
	hub     *localhub.Hub
	address string
	caFile  string
	wrote   *atomic.Int64 // nanoseconds from begin to the first write since this was set to 0
	begin   time.Time
}

func newStage(b *testing.B) *stage {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := &stage{B: b, wrote: new(atomic.Int64), begin: time.Now(), caFile: filepath.Join(b.TempDir(), "ca.pem")}
	s.hub, err = localhub.Start(&localhub.Options{Listeners: []net.Listener{clockedListener{listener, s}}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.hub.Close)
	if err := os.WriteFile(s.caFile, s.hub.CertificatePEM(), 0o600); err != nil {
		b.Fatal(err)
	}
	s.address = fmt.Sprint("localhost:", listener.Addr().(*net.TCPAddr).Port)
	return s
}

// clockedListener notes when the hub writes.
type clockedListener struct {
	net.Listener
	stage *stage
}

func (l clockedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return clockedConn{conn, l.stage}, err
}

type clockedConn struct {
	net.Conn
	stage *stage
}

func (c clockedConn) Write(p []byte) (int, error) {
	c.stage.wrote.CompareAndSwap(0, int64(time.Since(c.stage.begin)))
	return c.Conn.Write(p)
}

// receiver is a program that prints patches.
type receiver struct {
	stage   *stage
	module  iothub.ConnectionString
	process *os.Process
	stdout  *bufio.Reader
	end     func()
}

// start runs a program as its own module and returns when its subscription has
// been acknowledged.
func (s *stage) start(file, moduleID string) *receiver {
	s.Helper()
	r := &receiver{stage: s, module: s.hub.AddModule("d", moduleID)}
	r.module.HostName = s.address
	cmd := exec.Command(file)
	cmd.Env = []string{
		"IOTHUB_MODULE_CONNECTION_STRING=" + r.module.Reveal(),
		"IOTHUB_CA_FILE=" + s.caFile,
		"HOME=" + filepath.Dir(s.caFile),
	}
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		s.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	r.process, r.stdout = cmd.Process, bufio.NewReader(stdout)
	r.end = sync.OnceFunc(func() {
		cmd.Process.Signal(os.Interrupt)
		io.Copy(io.Discard, r.stdout)
		cmd.Wait()
	})
	s.Cleanup(r.end)
	r.await(func(line string) bool { return strings.Contains(line, "waiting") })
	return r
}

// await reads lines until ok accepts one.
func (r *receiver) await(ok func(line string) bool) {
	r.stage.Helper()
	for {
		line, err := r.stdout.ReadString('\n')
		if err != nil {
			r.stage.Fatal("the program is gone: ", err)
		}
		if ok(line) {
			return
		}
	}
}

// patch changes a property and returns the time from the hub's PUBLISH until
// the line is printed.
func (r *receiver) patch(value int) time.Duration {
	r.stage.Helper()
	r.stage.wrote.Store(0)
	if _, err := r.stage.hub.PatchDesired("d", r.module.ModuleID, map[string]any{"telemetryInterval": value}); err != nil {
		r.stage.Fatal(err)
	}
	r.await(func(line string) bool { return line[0] == '{' })
	return time.Since(r.stage.begin) - time.Duration(r.stage.wrote.Load())
}

// BenchmarkReceivePatch measures the time from the hub's PUBLISH until the line
// is printed, with all programs connected all the time.
func BenchmarkReceivePatch(b *testing.B) {
	s := newStage(b)
	receivers := []*receiver{
		s.start(program(b, "receivemoduletwinpatch"), "ours"),
		s.start(bare(b, "barereceive"), "floor"),
		s.start(bare(b, "pahoreceive"), "paho"),
	}
	took := make([]figures, len(receivers))
	for n := 0; b.Loop(); n++ {
		for i := range receivers {
			i = (n + i) % len(receivers) // so that none of them always follows the same other
			took[i] = append(took[i], milliseconds(receivers[i].patch(n)))
		}
	}
	report(b, "ms", took[0], took[1])
	b.ReportMetric(took[2].median()/took[1].median(), "ms-paho-ratio")
}

// BenchmarkReceiveStart measures the time from exec to "waiting". By then, ours
// has also read the twin, which takes another round trip.
func BenchmarkReceiveStart(b *testing.B) {
	s := newStage(b)
	reader, least := program(b, "receivemoduletwinpatch"), bare(b, "barereceive")
	start := func(file, moduleID string) float64 {
		began := time.Now()
		r := s.start(file, moduleID)
		took := time.Since(began)
		r.end()
		return milliseconds(took)
	}
	var ours, floor figures
	for b.Loop() {
		floor = append(floor, start(least, "floor"))
		ours = append(ours, start(reader, "ours"))
	}
	report(b, "ms", ours, floor)
}

// BenchmarkReceiveIdle lets both programs wait for one second per iteration;
// for a minute, use -benchtime 60x.
func BenchmarkReceiveIdle(b *testing.B) {
	s := newStage(b)
	reader := s.start(program(b, "receivemoduletwinpatch"), "ours")
	least := s.start(bare(b, "barereceive"), "floor")
	before, floorBefore := cpuTime(b, reader.process), cpuTime(b, least.process)
	seconds := 0
	for ; b.Loop(); seconds++ {
		time.Sleep(time.Second)
	}
	minutes := float64(seconds) / 60
	b.ReportMetric(milliseconds(cpuTime(b, reader.process)-before)/minutes, "ms-CPU/min")
	b.ReportMetric(milliseconds(cpuTime(b, least.process)-floorBefore)/minutes, "floor-ms-CPU/min") // mostly none at all
	report(b, "MiB", figures{resident(b, reader.process)}, figures{resident(b, least.process)})
}
