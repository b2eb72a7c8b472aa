package wsconn_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/gorilla/websocket"

	"moduletwin/pkg/internal/wsconn"
)

// pair returns both ends of one connection.
func pair(t *testing.T) (client *websocket.Conn, server *websocket.Conn) {
	t.Helper()
	servers := make(chan *websocket.Conn, 1)
	upgrader := websocket.Upgrader{}
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ws, err := upgrader.Upgrade(w, r, nil); err == nil {
			servers <- ws
		}
	}))
	t.Cleanup(ts.Close)
	client, resp, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(ts.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	server = <-servers
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

func TestStream(t *testing.T) {
	client, server := pair(t)
	a, b := wsconn.New(client), wsconn.New(server)
	want := bytes.Repeat([]byte("0123456789"), 10_000)
	go func() {
		for chunk := range slices.Chunk(want, 777) {
			a.Write(chunk)
		}
		a.Write(nil) // an empty message is not the end
		client.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	}()
	got, err := io.ReadAll(iotest.OneByteReader(b))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("read %d bytes, error %v, want the %d that were written", len(got), err, len(want))
	}
}

func TestText(t *testing.T) {
	client, server := pair(t)
	client.WriteMessage(websocket.TextMessage, []byte("hello"))
	if n, err := wsconn.New(server).Read(make([]byte, 8)); err == nil {
		t.Errorf("Read of a text message = %d, nil; want an error", n)
	}
}

// The reason that a peer gives for closing can hold anything.
func TestCloseReason(t *testing.T) {
	client, server := pair(t)
	reason := websocket.FormatCloseMessage(websocket.ClosePolicyViolation, "\x1b[31m\u202e\nno")
	client.WriteControl(websocket.CloseMessage, reason, time.Now().Add(time.Second))
	_, err := wsconn.New(server).Read(make([]byte, 8))
	want := `websocket: the peer closed the connection: code 1008, reason "\x1b[31m\u202e\nno"`
	if err == nil || err.Error() != want {
		t.Errorf("Read: %v, want %s", err, want)
	}
	if closed := (*websocket.CloseError)(nil); !errors.As(err, &closed) || closed.Code != websocket.ClosePolicyViolation {
		t.Errorf("%v is not a *websocket.CloseError with that code", err)
	}
}

func TestDeadline(t *testing.T) {
	_, server := pair(t)
	conn := wsconn.New(server)
	conn.SetDeadline(time.Now().Add(-time.Second))
	if _, err := conn.Read(make([]byte, 8)); err == nil {
		t.Error("Read after the deadline succeeded")
	}
	if _, err := conn.Write([]byte("x")); err == nil {
		t.Error("Write after the deadline succeeded")
	}
}

// TestWriters writes from two goroutines at once, as paho does when a ping is
// due.
func TestWriters(t *testing.T) {
	a, b := pair(t)
	client, server := wsconn.New(a), wsconn.New(b)
	const each = 500
	var writers sync.WaitGroup
	for _, text := range []string{"a", "b"} {
		writers.Go(func() {
			for range each {
				client.SetWriteDeadline(time.Now().Add(time.Minute))
				if _, err := client.Write([]byte(strings.Repeat(text, 1000))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	got, err := io.ReadAll(io.LimitReader(server, 2*each*1000))
	writers.Wait()
	if err != nil || len(got) != 2*each*1000 {
		t.Errorf("%d bytes arrived, %v", len(got), err)
	}
}
