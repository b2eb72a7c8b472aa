package iotmodule

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"

	"moduletwin/pkg/internal/hint"
)

// maxPacket limits what follows the header of a packet from the hub. The
// largest is a twin: 32 KB in each half, by a count that leaves out control
// characters and takes no escape for more than the character that it stands
// for.
const maxPacket = 4 << 20

// packetConn is a socket that paho reads one packet after the other from. paho
// takes as much memory as the header of a packet claims to need; here such
// claims are looked at first. Besides, paho asks for a byte here and a few
// there, which a buffer makes cheap.
type packetConn struct {
	net.Conn
	in      *bufio.Reader
	begun   atomic.Bool // whether a packet has been read from
	left    int         // bytes of the present packet that are still to be read
	connack byte        // the code of the CONNACK, if that was the first packet
}

func newPacketConn(conn net.Conn) *packetConn {
	return &packetConn{Conn: conn, in: bufio.NewReader(conn)}
}

// Read reads from one packet at a time.
func (c *packetConn) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if c.left == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n, err := c.in.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}

// Write writes to the socket. If that fails before anything has been read, what
// there is to read may tell why: an alert of TLS comes before the end.
func (c *packetConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if err != nil && !c.begun.Load() {
		if _, cause := c.in.Peek(1); hint.DemandsCertificate(cause) {
			return n, cause
		}
	}
	return n, err
}

// next looks at the header of the next packet, which it leaves in the buffer.
func (c *packetConn) next() error {
	const typeConnack = 2
	for header := 2; header <= 5; header++ {
		start, err := c.in.Peek(header)
		if err != nil {
			return truncated(err, len(start))
		}
		if start[header-1]&0x80 != 0 {
			continue // the length goes on
		}
		length := remainingLength(start[1:])
		if length > maxPacket {
			return fmt.Errorf("the hub announced a packet of %d bytes, more than a hub has to say", length)
		}
		c.left = header + length
		if first := !c.begun.Swap(true); first && start[0]>>4 == typeConnack && length == 2 {
			if start, err = c.in.Peek(4); err != nil {
				return truncated(err, len(start))
			}
			c.connack = start[3]
		}
		return nil
	}
	return errLength
}

// remainingLength decodes the length of a packet: seven bits to the byte, the
// lowest first.
func remainingLength(encoded []byte) (length int) {
	for i, b := range encoded {
		length |= int(b&0x7f) << (7 * i)
	}
	return length
}

// errLength is the error of a length that does not end.
var errLength = errors.New("the hub sent a packet whose length is malformed")

// truncated is err but for an end of the stream within a packet.
func truncated(err error, read int) error {
	if err == io.EOF && read > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}
