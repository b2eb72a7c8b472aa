package mqtt

import (
	"net"
	"sync"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub/event"
	"moduletwin/pkg/localhub/internal/network"
	"moduletwin/pkg/localhub/internal/registry"
)

const (
	maxPending   = 4 << 20          // bytes that may wait for a client to read them, apart from the latest packet
	writeTimeout = 30 * time.Second // for writing one piece of them
	writePiece   = 64 << 10
)

// connection is the connection of a device or module that has signed in. One
// goroutine reads from it. Another one writes, but only while there is
// something to write, so that whoever has a message for a client does not wait
// for the client.
type connection struct {
	server *Server
	client *registry.Client // set by the sign-in
	conn   net.Conn         // carries MQTT packets
	socket *network.Conn    // carries conn
	token  iothub.SASToken
	will   bool // the client has a will

	mu      sync.Mutex // guards the rest
	pending []byte     // to be written
	writing bool       // there is a goroutine that writes
	last    bool       // the connection ends once pending is written
	lastID  uint16     // packet id of the latest PUBLISH
	ended   chan struct{}
	reason  string // why it ended

	tasks        sync.WaitGroup // all goroutines except the one that reads
	signInLogged chan struct{}  // closed when the sign-in has been logged
	logged       sync.Once      // for the log line about the end
}

// String names the device or module that has signed in.
func (c *connection) String() string { return c.client.ID().String() }

// RemoteAddr returns the client's address.
func (c *connection) RemoteAddr() net.Addr { return c.socket.RemoteAddr() }

// send has packet written after everything that is already pending. A client
// that leaves too much pending is cut, but the size of packet itself does not
// count, as what the hub sends is not the client's fault. dropped says why
// packet is not sent, "" if it is.
func (c *connection) send(packet []byte) (dropped string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.enqueue(packet)
}

// sendLast is send for the last packet, after which the connection ends.
func (c *connection) sendLast(packet []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.enqueue(packet)
	c.last = true
}

func (c *connection) enqueue(packet []byte) (dropped string) {
	switch {
	case c.last:
		return "a fault ends the connection"
	case len(c.pending) > maxPending:
		c.cutLocked("it does not read what is sent to it")
	}
	if c.reason != "" {
		return c.reason
	}
	c.pending = append(c.pending, packet...)
	if !c.writing {
		c.writing = true
		c.tasks.Go(c.write)
	}
	return ""
}

// write writes until nothing is pending.
func (c *connection) write() {
	for {
		piece := c.nextPiece()
		if piece == nil {
			return
		}
		c.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
		if _, err := c.conn.Write(piece); err != nil {
			c.Cut("it cannot be written to: " + describe(err))
		}
	}
}

// nextPiece takes a piece off pending. If there is none, it returns nil, which
// ends the goroutine that writes.
func (c *connection) nextPiece() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason == "" && len(c.pending) > 0 {
		piece := c.pending[:min(len(c.pending), writePiece)]
		c.pending = c.pending[len(piece):]
		if len(c.pending) == 0 {
			c.pending = nil // so that an idle connection takes no memory
		}
		return piece
	}
	c.writing = false
	if c.last {
		c.cutLocked("a fault ended it")
	}
	return nil
}

// Ended reports whether the connection has ended.
func (c *connection) Ended() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

// Cut ends the connection without telling the client why, as MQTT 3.1.1 has no
// packet for that. It never blocks. Only the first reason counts.
func (c *connection) Cut(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cutLocked(reason)
}

func (c *connection) cutLocked(reason string) {
	if c.reason != "" {
		return
	}
	c.reason = reason
	if c.client != nil {
		c.publishEvent(event.Event{Kind: event.Disconnected, Reason: reason})
	}
	close(c.ended)
	c.socket.Close()
}

// nextID returns the packet id for a PUBLISH, which is 0 at QoS 0. Ids are not
// tracked: a notification that is unacknowledged when the connection ends is
// not sent again, since notifications are not stored.
func (c *connection) nextID(qos byte) uint16 {
	if qos == 0 {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lastID++; c.lastID == 0 {
		c.lastID = 1
	}
	return c.lastID
}
