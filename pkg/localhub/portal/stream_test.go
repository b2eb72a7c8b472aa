package portal_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/internal/memnet"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/portal"
)

func TestStream(t *testing.T) {
	s := newScene(t)
	s.hub.AddDevice("before")
	next, _ := s.follow("")
	hello := next()
	if hello.event != "hello" {
		t.Fatalf("the first message is %+v", hello)
	}
	if m := next(); !strings.Contains(m.data, `"device":"before"`) {
		t.Errorf("the event from before is %+v", m)
	}
	s.hub.AddDevice("live")
	live := next()
	if !strings.Contains(live.data, `"kind":"Created","device":"live"`) || live.id == "" {
		t.Errorf("the live event is %+v", live)
	}
	s.hub.AddDevice("missed")
	next() // it has arrived

	// Another viewer continues after the last event of the first one.
	next, _ = s.follow(live.id)
	next()
	if m := next(); !strings.Contains(m.data, "missed") || strings.Contains(m.data, "live") {
		t.Errorf("after %s comes %+v", live.id, m)
	}

	// An id from another run is ignored.
	next, _ = s.follow("other.2")
	next()
	if m := next(); !strings.Contains(m.data, "before") {
		t.Errorf("with an id from another run, the first event is %+v", m)
	}
	s.portal.Close()
	for m := next(); m.event != "end"; m = next() {
		t.Errorf("after Close, got %+v", m)
	}
	s.portal.Close()
}

// TestSlowViewer checks that a viewer that has fallen too far behind learns how
// much it missed, and then sees new events.
func TestSlowViewer(t *testing.T) {
	s := newScene(t)
	next, end := s.follow("")
	run := strings.Trim(next().data, `"`)
	end()
	s.hub.AddDevice("d")
	const n = 3000
	for i := range n {
		if _, err := s.hub.PatchDesired("d", "", map[string]any{"i": i}); err != nil {
			t.Fatal(err)
		}
	}
	next, _ = s.follow(run + ".1")
	next()
	missed := 0
	m := next()
	if m.event != "missed" || json.Unmarshal([]byte(m.data), &missed) != nil || missed < n {
		t.Errorf("the first message is %+v", m)
	}
	for !strings.Contains(m.data, fmt.Sprintf(`{"i":%d}`, n-1)) {
		m = next()
	}
}

func TestTooManyViewers(t *testing.T) {
	s := newScene(t)
	ends := make([]func(), 64)
	for i := range ends {
		_, ends[i] = s.follow("")
	}
	response, err := s.viewer.Get(s.server.URL + "/api/events")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one more: %s", response.Status)
	}
}

// TestStalledViewer checks that a viewer that does not read at all is dropped.
func TestStalledViewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, conn := followOverPipe(t, &http.Server{})
		time.Sleep(time.Minute)
		if n, err := conn.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("after a minute, %d bytes can still be read, %v", n, err)
		}
	})
}

// TestStreamOutlivesReadTimeout checks that a stream is not limited by the time
// in which a request has to arrive.
func TestStreamOutlivesReadTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, conn := followOverPipe(t, &http.Server{ReadTimeout: time.Minute})
		time.AfterFunc(5*time.Minute, func() { hub.AddDevice("late") })
		lines := bufio.NewScanner(conn)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "late") {
				return
			}
		}
		t.Errorf("the stream has ended: %v", lines.Err())
	})
}

// followOverPipe opens the event stream of a portal that server serves, over a
// connection on which a write waits for its reader.
func followOverPipe(t *testing.T, server *http.Server) (*localhub.Hub, net.Conn) {
	t.Helper()
	hub, err := localhub.Start(&localhub.Options{Listeners: []net.Listener{memnet.Listen()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(hub.Close)
	view := portal.New(hub, nil)
	t.Cleanup(view.Close)
	here, there := net.Pipe()
	server.Handler = view
	go server.Serve(&oneConn{conn: there})
	t.Cleanup(func() { server.Close() })
	fmt.Fprintf(here, "GET /api/events HTTP/1.1\r\nHost: localhost\r\nCookie: portal-=%s\r\n\r\n", view.Token())
	return hub, here
}

// oneConn is a listener with a single connection.
type oneConn struct {
	conn net.Conn
	done chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	if l.conn != nil {
		conn := l.conn
		l.conn, l.done = nil, make(chan struct{})
		return conn, nil
	}
	<-l.done
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error {
	close(l.done)
	return nil
}

func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{} }
