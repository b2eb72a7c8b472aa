package mqtt

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"moduletwin/pkg/localhub/internal/network"
)

// pipe returns a connection and the client's end of it.
func pipe(t *testing.T) (*connection, net.Conn) {
	here, there := net.Pipe()
	socket := network.NewConn(here, new(network.Conditions))
	c := &connection{conn: socket, socket: socket, ended: make(chan struct{})}
	t.Cleanup(func() {
		c.Cut("the test is over")
		there.Close()
		c.tasks.Wait()
	})
	there.SetDeadline(time.Now().Add(20 * time.Second))
	return c, there
}

// TestHugePacket sends more at once than may be pending: a client that reads
// still receives it.
func TestHugePacket(t *testing.T) {
	c, client := pipe(t)
	small, huge := []byte("small"), bytes.Repeat([]byte("huge"), maxPending/2)
	c.send(small)
	c.send(huge)
	got := make([]byte, len(small)+len(huge))
	if _, err := io.ReadFull(client, got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, append(small, huge...)) {
		t.Error("the client received something else")
	}
	if c.Ended() {
		t.Errorf("the client was cut: %s", c.reason)
	}
}

// TestPendingLimit checks that a client that does not read is cut off when too
// much is pending.
func TestPendingLimit(t *testing.T) {
	c, _ := pipe(t)
	c.send(make([]byte, maxPending+2*writePiece))
	if c.Ended() {
		t.Errorf("the client was cut: %s", c.reason)
	}
	c.send([]byte("more"))
	if !c.Ended() {
		t.Error("the client was not cut")
	}
}
