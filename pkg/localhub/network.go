package localhub

import (
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"moduletwin/pkg/localhub/fault"
)

// network is what all wires go through.
type network struct {
	now atomic.Pointer[conditions]

	mu   sync.Mutex // guards now against writers, and held
	held []net.Conn // closed by the hub while nothing arrived
}

type conditions struct {
	fault.Network
	over chan struct{} // closed when others take their place
}

func (n *network) set(to fault.Network) {
	n.mu.Lock()
	defer n.mu.Unlock()
	before := n.now.Swap(&conditions{Network: to, over: make(chan struct{})})
	if before != nil {
		close(before.over)
	}
	if !to.Blackhole {
		for _, conn := range n.held {
			conn.Close()
		}
		n.held = nil
	}
}

// hold keeps conn open, as its end cannot arrive; it reports whether that is
// so.
func (n *network) hold(conn net.Conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if c := n.now.Load(); c == nil || !c.Blackhole {
		return false
	}
	n.held = append(n.held, conn)
	return true
}

// wire is an accepted connection, below TLS.
type wire struct {
	net.Conn
	network *network
	once    sync.Once
	closed  chan struct{}

	readUntil, writeUntil atomic.Int64 // deadlines in Unix nanoseconds, 0 for none
}

func newWire(conn net.Conn, n *network) *wire {
	return &wire{Conn: conn, network: n, closed: make(chan struct{})}
}

func (w *wire) Read(p []byte) (int, error) {
	if w.hasClosed() { // it may be held open
		return 0, net.ErrClosed
	}
	if c := w.network.now.Load(); c != nil && c.Trickle && len(p) > 1 {
		p = p[:1]
	}
	n, err := w.Conn.Read(p)
	if waited := w.pass(&w.readUntil); waited != nil {
		return 0, waited
	}
	return n, err
}

func (w *wire) Write(p []byte) (int, error) {
	written := 0
	for {
		if err := w.pass(&w.writeUntil); err != nil {
			return written, err
		}
		part := p[written:]
		if c := w.network.now.Load(); c != nil && c.Trickle && len(part) > 1 {
			part = part[:1]
		}
		n, err := w.Conn.Write(part)
		written += n
		if err != nil || written == len(p) {
			return written, err
		}
	}
}

// pass lets bytes through when the conditions allow it.
func (w *wire) pass(until *atomic.Int64) error {
	for {
		c := w.network.now.Load()
		switch {
		case c == nil || !c.Blackhole && c.Latency == 0:
			return nil
		case c.Blackhole:
			if err := w.wait(c.over, untilDeadline(until)); err != nil {
				return err
			}
		default:
			if err := w.wait(nil, c.Latency); err != os.ErrDeadlineExceeded {
				return err
			}
			return nil
		}
	}
}

// wait returns nil when over is closed, and an error after d, if that is not
// negative, or when w is closed.
func (w *wire) wait(over <-chan struct{}, d time.Duration) error {
	var late <-chan time.Time
	if d >= 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-over:
		return nil
	case <-late:
		return os.ErrDeadlineExceeded
	case <-w.closed:
		return net.ErrClosed
	}
}

func untilDeadline(until *atomic.Int64) time.Duration {
	if at := until.Load(); at != 0 {
		return max(0, time.Until(time.Unix(0, at)))
	}
	return -1
}

// Close never blocks.
func (w *wire) Close() error {
	w.once.Do(func() {
		close(w.closed)
		w.Conn.SetDeadline(time.Unix(1, 0)) // in case it is held
		if !w.network.hold(w.Conn) {
			w.Conn.Close()
		}
	})
	return nil
}

func (w *wire) hasClosed() bool { return isClosed(w.closed) }

func isClosed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// reset is Close by an RST packet, where there are such packets.
func (w *wire) reset() {
	if tcp, ok := w.Conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	w.Close()
}

func (w *wire) SetDeadline(t time.Time) error {
	setUntil(&w.readUntil, t)
	setUntil(&w.writeUntil, t)
	return w.Conn.SetDeadline(t)
}

func (w *wire) SetReadDeadline(t time.Time) error {
	setUntil(&w.readUntil, t)
	return w.Conn.SetReadDeadline(t)
}

func (w *wire) SetWriteDeadline(t time.Time) error {
	setUntil(&w.writeUntil, t)
	return w.Conn.SetWriteDeadline(t)
}

func setUntil(until *atomic.Int64, t time.Time) {
	if t.IsZero() {
		until.Store(0)
	} else {
		until.Store(t.UnixNano())
	}
}
