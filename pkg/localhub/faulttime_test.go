package localhub_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

// askForTwin sends a request for a twin over a new connection.
func askForTwin(t *testing.T, hub *localhub.Hub, raw net.Conn, device string) *tls.Conn {
	t.Helper()
	conn := tls.Client(raw, &tls.Config{RootCAs: hub.RootCAs(), ServerName: "localhost"})
	token := hub.ConnectionString(localhub.PolicyService).NewSASToken(time.Now().Add(time.Hour)).Reveal()
	if _, err := fmt.Fprintf(conn, "GET /twins/%s?api-version=2021-04-12 HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\n\r\n", device, token); err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestLongFaultsAtREST checks that a request may be silent or late for longer
// than any request may otherwise take.
func TestLongFaultsAtREST(t *testing.T) {
	inBubble(t, localhub.Options{}, func(t *testing.T, hub *localhub.Hub, raw func() net.Conn) {
		hub.AddDevice("d")
		hub.FailNext(1, fault.REST, fault.Silence())
		conn := askForTwin(t, hub, raw(), "d")
		conn.SetReadDeadline(time.Now().Add(time.Hour))
		if n, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Silence: Read = %d, %v, want an hour of silence", n, err)
		}
		conn.Close()

		for _, row := range []struct {
			delay  time.Duration
			device string
			status int
		}{{90 * time.Second, "d", 200}, {10 * time.Minute, "none", 404}} {
			hub.FailNext(1, fault.REST, fault.Late(row.delay))
			start := time.Now()
			conn := askForTwin(t, hub, raw(), row.device)
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			if waited := time.Since(start).Truncate(time.Second); resp.StatusCode != row.status || err != nil || len(body) == 0 || waited != row.delay {
				t.Errorf("%v late: after %v, %d with a body of %d bytes, %v, want %d", row.delay, waited, resp.StatusCode, len(body), err, row.status)
			}
			conn.Close()
		}
	})
}

// TestGoneWhileLate checks that a client that stops waiting for a late response
// gets no other response instead.
func TestGoneWhileLate(t *testing.T) {
	inBubble(t, localhub.Options{}, func(t *testing.T, hub *localhub.Hub, raw func() net.Conn) {
		hub.FailNext(1, fault.REST, fault.Late(time.Minute))
		conn := askForTwin(t, hub, raw(), "d")
		conn.CloseWrite()
		(&client{t, conn}).expectEnd()
		conn.Close()
	})
}
