package iotmodule

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
)

// stream is a connection from which in can be read. Writing fails.
type stream struct {
	net.Conn
	in     io.Reader
	writes error
}

func (s stream) Read(b []byte) (int, error)  { return s.in.Read(b) }
func (s stream) Write(b []byte) (int, error) { return 0, s.writes }

func TestPacketConn(t *testing.T) {
	connack := "\x20\x02\x00\x05"
	long := "\x30\x80\x02" + strings.Repeat("x", 256)
	tests := []struct {
		name, in, want string
		err            string // "" for none
		connack        byte
	}{
		{"nothing", "", "", "", 0},
		{"packets", connack + long + "\xd0\x00" + long, connack + long + "\xd0\x00" + long, "", 5},
		{"a second CONNACK", connack + "\x20\x02\x00\x01", connack + "\x20\x02\x00\x01", "", 5},
		{"the largest", "\x30\x80\x80\x80\x02" + strings.Repeat("x", maxPacket), "\x30\x80\x80\x80\x02" + strings.Repeat("x", maxPacket), "", 0},
		{"one byte more", connack + "\x30\x81\x80\x80\x02x", connack, "the hub announced a packet of 4194305 bytes, more than an IoT hub sends", 5},
		{"the longest length", "\x30\xff\xff\xff\x7f", "", "the hub announced a packet of 268435455 bytes, more than an IoT hub sends", 0},
		{"an endless length", "\x30\x80\x80\x80\x80\x01", "", errLength.Error(), 0},
		{"an end in the header", long + "\x30", long, io.ErrUnexpectedEOF.Error(), 0},
		{"an end in the length", "\x30\x80", "", io.ErrUnexpectedEOF.Error(), 0},
		{"an end in the CONNACK", "\x20\x02\x00", "", io.ErrUnexpectedEOF.Error(), 0},
		{"an end in the body", "\x30\x02x", "\x30\x02x", "", 0}, // paho notices this
	}
	for _, test := range tests {
		for how, in := range map[string]io.Reader{
			"at once":      strings.NewReader(test.in),
			"byte by byte": iotest.OneByteReader(strings.NewReader(test.in)),
		} {
			conn := newPacketConn(stream{in: in})
			got, err := io.ReadAll(conn)
			if text := errorText(err); string(got) != test.want || text != test.err || conn.connack != test.connack {
				t.Errorf("%s, %s: read %d bytes, code %d, error %q; want %d bytes, code %d, error %q",
					test.name, how, len(got), conn.connack, text, len(test.want), test.connack, test.err)
			}
		}
	}
	if n, err := newPacketConn(stream{}).Read(nil); n != 0 || err != nil {
		t.Errorf("reading nothing: %d, %v", n, err)
	}
}

// If a write fails before anything was read, the error is the alert that can be
// read, if there is one.
func TestPacketConnTellsWhyItCannotWrite(t *testing.T) {
	broken := errors.New("broken pipe")
	alert := &net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}
	tests := []struct {
		name string
		in   io.Reader
		want error
	}{
		{"an alert", iotest.ErrReader(alert), alert},
		{"an end", strings.NewReader(""), broken},
		{"a packet, then an alert", io.MultiReader(strings.NewReader("\xd0\x00"), iotest.ErrReader(alert)), broken},
	}
	for _, test := range tests {
		conn := newPacketConn(stream{in: test.in, writes: broken})
		if test.want == broken {
			conn.Read(make([]byte, 2))
		}
		if _, err := conn.Write([]byte("x")); err != test.want {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// FuzzPacketConn checks that the output equals the input, up to the first
// malformed header.
func FuzzPacketConn(f *testing.F) {
	f.Add([]byte("\x20\x02\x00\x05\xd0\x00\x30\x03abc"), 2)
	f.Add([]byte("\x30\xff\xff\xff\x7f"), 1)
	f.Fuzz(func(t *testing.T, in []byte, size int) {
		conn := newPacketConn(stream{in: bytes.NewReader(in)})
		var out []byte
		piece := make([]byte, 1+max(0, size)%4096)
		for {
			n, err := conn.Read(piece)
			out = append(out, piece[:n]...)
			if err != nil {
				if err == io.EOF && len(out) != len(in) {
					t.Fatalf("%d of %d bytes came out", len(out), len(in))
				}
				if !bytes.HasPrefix(in, out) || errors.Is(err, io.ErrNoProgress) {
					t.Fatalf("%q became %q, error %v", in, out, err)
				}
				return
			}
		}
	})
}
