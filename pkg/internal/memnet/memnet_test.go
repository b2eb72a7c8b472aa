package memnet_test

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/internal/memnet"
)

func TestPipe(t *testing.T) {
	a, b := memnet.Pipe()
	io.WriteString(a, "to b") // writing does not wait for a reader
	io.WriteString(b, "to a")
	a.Close()
	if text, err := io.ReadAll(b); string(text) != "to b" || err != nil {
		t.Errorf("b read %q, %v", text, err)
	}
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("reading from a closed end: %v", err)
	}
	if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("writing to a closed end: %v", err)
	}
	if _, err := b.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("writing after the other end was closed: %v", err)
	}
}

func TestReadDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := memnet.Pipe()
		defer b.Close()
		start := time.Now()
		a.SetReadDeadline(start.Add(time.Minute))
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		a.SetReadDeadline(time.Time{})
		io.WriteString(b, "x")
		if n, err := a.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Errorf("without a deadline: %d, %v", n, err)
		}
	})
}

func TestListener(t *testing.T) {
	l := memnet.Listen()
	go func() {
		conn, err := l.Accept()
		if err == nil {
			io.WriteString(conn, "hello")
			conn.Close()
		}
	}()
	conn, err := l.DialContext(t.Context(), "tcp", "anywhere:1")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(conn); string(text) != "hello" || err != nil {
		t.Errorf("read %q, %v", text, err)
	}
	l.Close()
	if _, err := l.DialContext(t.Context(), "tcp", "anywhere:1"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialing a closed listener: %v", err)
	}
}
