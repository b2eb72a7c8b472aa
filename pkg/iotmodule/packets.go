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

// maxPacket limits the length of packets from the hub, in bytes without the
// header. The largest packet is a twin: 32 KB in each half, but the hub's count
// leaves out control characters and counts an escaped character as one.
const maxPacket = 4 << 20

// packetConn is a socket that checks the header of every packet before paho
// reads it. paho allocates as much memory as the header asks for, whatever that
// is. It is also buffered, because paho reads a few bytes at a time.
type packetConn struct {
	net.Conn
	in      *bufio.Reader
	begun   atomic.Bool // whether a first packet has arrived
	left    int         // bytes of the current packet that have not been read yet
	connack byte        // the return code of the CONNACK, if that was the first packet
}

func newPacketConn(conn net.Conn) *packetConn {
	return &packetConn{Conn: conn, in: bufio.NewReader(conn)}
}

// Read reads from the current packet, or from the next one if that has been
// read.
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

// Write writes to the socket. If it fails before anything has been read, the
// reason may still be waiting to be read, such as a TLS alert.
func (c *packetConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if err != nil && !c.begun.Load() {
		if _, cause := c.in.Peek(1); hint.DemandsCertificate(cause) {
			return n, cause
		}
	}
	return n, err
}

// next checks the header of the next packet, which stays in the buffer.
func (c *packetConn) next() error {
	const typeConnack = 2
	for header := 2; header <= 5; header++ {
		start, err := c.in.Peek(header)
		if err != nil {
			return truncated(err, len(start))
		}
		if start[header-1]&0x80 != 0 {
			continue // the length has more bytes
		}
		length := remainingLength(start[1:])
		if length > maxPacket {
			return fmt.Errorf("the hub announced a packet of %d bytes, more than an IoT hub sends", length)
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

// remainingLength decodes the length of a packet: seven bits per byte, the
// lowest first.
func remainingLength(encoded []byte) (length int) {
	for i, b := range encoded {
		length |= int(b&0x7f) << (7 * i)
	}
	return length
}

// errLength is the error of a length that does not end.
var errLength = errors.New("the hub sent a packet whose length is malformed")

// truncated returns err, or [io.ErrUnexpectedEOF] if the stream ended within a
// packet.
func truncated(err error, read int) error {
	if err == io.EOF && read > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}
