// Package wsconn turns a WebSocket connection into a [net.Conn], so that it can
// carry MQTT: each write sends a binary message, and received messages are read
// as one stream of bytes, regardless of where they end.
package wsconn

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Path is the path at which an IoT hub accepts MQTT over WebSocket.
const Path = "/$iothub/websocket"

// New returns ws as a stream. One read and any number of writes may run
// concurrently. Close closes the connection without a closing handshake; if the
// peer has closed it with one, reads return [io.EOF].
func New(ws *websocket.Conn) net.Conn { return &conn{Conn: ws} }

type conn struct {
	*websocket.Conn
	message io.Reader  // the rest of the message that is being read, nil between messages
	writing sync.Mutex // serializes writers: a WebSocket supports only one at a time
}

var errText = errors.New("websocket: a text message where only binary ones are allowed")

func (c *conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if c.message == nil {
			kind, message, err := c.NextReader()
			switch {
			case websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway, websocket.CloseNoStatusReceived):
				return 0, io.EOF
			case err != nil:
				return 0, readable(err)
			case kind != websocket.BinaryMessage:
				return 0, errText
			}
			c.message = message
		}
		n, err := c.message.Read(p)
		if errors.Is(err, io.EOF) {
			c.message, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// readable returns err. If it holds the reason that the peer gives for closing,
// that reason is quoted, as it may contain any characters.
func readable(err error) error {
	var closed *websocket.CloseError
	if !errors.As(err, &closed) {
		return err
	}
	return &closeError{closed}
}

// closeError is a [websocket.CloseError] with another text.
type closeError struct{ *websocket.CloseError }

func (e *closeError) Error() string {
	return fmt.Sprintf("websocket: the peer closed the connection: code %d, reason %+q", e.Code, e.Text)
}

func (e *closeError) Unwrap() error { return e.CloseError }

func (c *conn) Write(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if err := c.WriteMessage(websocket.BinaryMessage, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.Conn.SetWriteDeadline(t)
}

func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}
