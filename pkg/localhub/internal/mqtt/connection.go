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
	maxPending   = 4 << 20          // bytes that wait for a client to read, and one packet more
	writeTimeout = 30 * time.Second // for each piece of them
	writePiece   = 64 << 10
)

// connection is that of a device or module that has signed in. It has one
// goroutine that reads. Another writes, only while there is something to write:
// whoever has a message for a client does not wait for it.
type connection struct {
	server *Server
	client *registry.Client // set by the sign-in
	conn   net.Conn         // carries MQTT packets
	socket *network.Conn    // below it
	token  iothub.SASToken
	will   bool // there is one

	mu      sync.Mutex // guards the rest
	pending []byte     // to be written
	writing bool       // there is a goroutine that writes
	last    bool       // when pending is written, the connection ends
	lastID  uint16     // of a PUBLISH
	ended   chan struct{}
	reason  string // why it ended

	tasks        sync.WaitGroup // goroutines beside the reading one
	signInLogged chan struct{}  // closed when the log has told of the sign-in
	logged       sync.Once      // the end
}

// String names who has signed in.
func (c *connection) String() string { return c.client.ID().String() }

// RemoteAddr is where the client is.
func (c *connection) RemoteAddr() net.Addr { return c.socket.RemoteAddr() }

// send has packet written after what waits already. A client that lets too
// much wait is cut; the size of what the hub itself has to say is not its
// fault. dropped says why packet is not sent, "" if it is.
func (c *connection) send(packet []byte) (dropped string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.enqueue(packet)
}

// sendLast is send, after which the connection ends.
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

// nextPiece takes a piece off pending; nil ends the goroutine that writes.
func (c *connection) nextPiece() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason == "" && len(c.pending) > 0 {
		piece := c.pending[:min(len(c.pending), writePiece)]
		c.pending = c.pending[len(piece):]
		if len(c.pending) == 0 {
			c.pending = nil // an idle connection keeps no room
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

// Cut ends the connection without a word, as MQTT 3.1.1 has none for it. It
// never blocks. Only the first reason counts.
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

// nextID returns 0 for QoS 0. Ids are not tracked: what is unacknowledged
// when a connection ends is not sent again, since notifications are not kept.
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
