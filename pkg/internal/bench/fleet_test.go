//go:build linux

package bench

import (
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"
)

// BenchmarkFleet connects and subscribes n modules, makes the hub change the
// twin of each, and then sends patches to them through REST. It does the same
// with a bare echo server. (A patch through REST is an HTTPS exchange and a
// notification; an echo is a single exchange of the simplest kind.) Each module
// is a goroutine that sends and reads raw packets, so that the hub is what is
// measured.
func BenchmarkFleet(b *testing.B) {
	sizes := []int{100, 1_000, 10_000}
	if testing.Short() {
		sizes = sizes[:2]
	}
	for _, n := range sizes {
		b.Run(fmt.Sprint("modules=", n), func(b *testing.B) {
			needFiles(b, n)
			var hub, echo sums
			for b.Loop() {
				echo.add(measureFleet(b, newEchoFleet(b, n)))
				hub.add(measureFleet(b, newHubFleet(b, n)))
			}
			report(b, "connect-ms", hub.connect, echo.connect)
			report(b, "KiB/module", hub.memory, echo.memory)
			report(b, "each-ms", hub.each, echo.each)
			report(b, "patches/s", hub.rate, echo.rate)
			report(b, "median-ms", hub.median, echo.median)
			report(b, "p99-ms", hub.p99, echo.p99)
		})
	}
}

// needFiles skips a fleet that needs more open files than this system allows.
func needFiles(b *testing.B, n int) {
	b.Helper()
	const others = 200
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < uint64(n+others) {
		b.Skipf("%d connections need a higher limit than %d for open files (ulimit -n)", n, limit.Cur)
	}
}

const (
	dialing    = 64     // connections being made at a time
	sending    = 8      // patches under way at a time
	allPatches = 10_000 // at least; a run with few modules would otherwise be over before the hub is warm
)

// fleet is many connections to one server.
type fleet struct {
	server  *server
	n       int
	connect func(i int, conn net.Conn) error               // sends what has to be sent first
	receive func(conn net.Conn, arrived func()) error      // waits for a message of send
	sender  func() (send func(i int, conn net.Conn) error) // returns the send of one worker, which makes a message arrive over conn, connection i
	each    func()                                         // makes one message arrive over every connection; nil if send does that
	config  *tls.Config

	conns   []net.Conn
	arrived []chan time.Time
}

func newFleet(b *testing.B, kind string, n int) *fleet {
	b.Helper()
	s := startServer(b, kind)
	f := &fleet{
		server:  s,
		n:       n,
		config:  &tls.Config{RootCAs: s.roots(b), ServerName: "localhost"},
		conns:   make([]net.Conn, n),
		arrived: make([]chan time.Time, n),
	}
	for i := range f.arrived {
		f.arrived[i] = make(chan time.Time, sending) // if there are few modules, each may have several messages under way
	}
	return f
}

// result is the time and memory that one fleet took.
type result struct {
	connect, each, patches time.Duration
	memory                 float64       // KiB per connection
	latency                figures       // in milliseconds
	cpu                    time.Duration // of the server, for the patches
}

// sums are the results of several runs.
type sums struct{ connect, memory, each, rate, median, p99, cpu figures }

func (s *sums) add(r result) {
	s.connect = append(s.connect, milliseconds(r.connect))
	s.memory = append(s.memory, r.memory)
	s.each = append(s.each, milliseconds(r.each))
	s.rate = append(s.rate, float64(len(r.latency))/r.patches.Seconds())
	s.median = append(s.median, r.latency.median())
	s.p99 = append(s.p99, r.latency.quantile(0.99))
	s.cpu = append(s.cpu, float64(r.cpu.Microseconds())/float64(len(r.latency)))
}

// measureFleet connects f, sends messages to all its connections and ends it.
func measureFleet(b *testing.B, f *fleet) (r result) {
	b.Helper()
	var reading sync.WaitGroup
	defer func() {
		for _, conn := range f.conns {
			if conn != nil {
				conn.Close()
			}
		}
		reading.Wait()
		f.server.stop()
	}()
	began := time.Now()
	inParallel(b, dialing, f.n, func() func(int) error { return f.dial })
	r.connect = time.Since(began)
	r.memory = (resident(b, f.server.process) - f.server.memory) * 1024 / float64(f.n)
	for i := range f.conns {
		reading.Go(func() { f.read(i) })
	}
	f.reachAll(b) // one round to warm up
	began = time.Now()
	f.reachAll(b)
	r.each = time.Since(began)
	began, busy := time.Now(), cpuTime(b, f.server.process)
	r.latency = f.send(b, max(f.n, allPatches))
	r.patches, r.cpu = time.Since(began), cpuTime(b, f.server.process)-busy
	return r
}

func (f *fleet) dial(i int) error {
	raw, err := net.Dial("tcp", f.server.address)
	if err != nil {
		return err
	}
	conn := tls.Client(raw, f.config)
	f.conns[i] = conn
	return f.connect(i, conn)
}

func (f *fleet) read(i int) {
	arrived := func() {
		select {
		case f.arrived[i] <- time.Now():
		default: // nobody is waiting any more
		}
	}
	for f.receive(f.conns[i], arrived) == nil {
	}
}

// reachAll makes one message arrive over every connection.
func (f *fleet) reachAll(b *testing.B) {
	b.Helper()
	if f.each == nil {
		f.send(b, f.n)
		return
	}
	f.each()
	for i := range f.arrived {
		if _, err := f.await(i); err != nil {
			b.Fatal(err)
		}
	}
}

// await waits for a message over connection i.
func (f *fleet) await(i int) (time.Time, error) {
	select {
	case at := <-f.arrived[i]:
		return at, nil
	case <-time.After(30 * time.Second):
		return time.Time{}, fmt.Errorf("nothing arrived over connection %d", i)
	}
}

// send sends messages to the connections in turn and returns how long each took
// to arrive.
func (f *fleet) send(b *testing.B, messages int) figures {
	b.Helper()
	latency := make(figures, messages)
	inParallel(b, sending, messages, func() func(int) error {
		send := f.sender()
		return func(message int) error {
			i := message % f.n
			sent := time.Now()
			if err := send(i, f.conns[i]); err != nil {
				return err
			}
			at, err := f.await(i)
			latency[message] = milliseconds(at.Sub(sent))
			return err
		}
	})
	return latency
}

// inParallel does the work numbered 0 to n-1 with a number of workers.
func inParallel(b *testing.B, workers, n int, worker func() func(i int) error) {
	b.Helper()
	work := make(chan int)
	failures := make(chan error, workers)
	var running sync.WaitGroup
	for range workers {
		do := worker()
		running.Go(func() {
			for i := range work {
				if err := do(i); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	var failed error
	for i := 0; i < n && failed == nil; i++ {
		select {
		case work <- i:
		case failed = <-failures:
		}
	}
	close(work)
	running.Wait()
	select {
	case failed = <-failures:
	default:
	}
	if failed != nil {
		b.Fatal(failed)
	}
}
