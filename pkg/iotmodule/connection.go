package iotmodule

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"moduletwin/pkg/iothub"
)

// connection is one MQTT connection, from CONNECT to its end. It never
// reconnects; the client makes a new one instead. paho handles packets,
// acknowledgements and pings, nothing else.
type connection struct {
	module  iothub.ConnectionString // the module that is signed in
	mqtt    mqtt.Client
	socket  *packetConn
	since   time.Time
	renewAt time.Time     // when its token should be renewed
	limit   time.Duration // how long to wait for the response to one request

	desired func(*connection, []byte) // gets the body of every notification, in order

	mu      sync.Mutex               // guards the fields below
	waiting map[string]chan response // by request id
	cause   error                    // why the connection ended
	waited  bool                     // whether a request was waiting for its response then

	publishing sync.WaitGroup
	lost       chan struct{} // closed when the connection ends
	once       sync.Once     // closes lost
}

// receive handles every message of the hub. It runs on paho's goroutine, so it
// must not wait for anything.
func (c *connection) receive(_ mqtt.Client, message mqtt.Message) {
	if status, requestID, version, ok := parseResponse(message.Topic()); ok {
		c.mu.Lock()
		waiting := c.waiting[requestID]
		delete(c.waiting, requestID) // a request has one response
		c.mu.Unlock()
		if waiting != nil {
			waiting <- response{status, version, message.Payload()}
		}
		return
	}
	if strings.HasPrefix(message.Topic(), desiredPrefix) {
		c.desired(c, message.Payload())
		runtime.Gosched() // let the reader run before paho, on return, writes the acknowledgement
	}
}

// end marks the connection as lost. Only the first cause is kept.
func (c *connection) end(cause error) {
	c.once.Do(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.cause, c.waited = cause, len(c.waiting) > 0
		close(c.lost)
	})
}

// whyLost returns why the connection ended, and whether a request was waiting
// for its response then.
func (c *connection) whyLost() (cause error, waiting bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause, c.waited
}

// awaitLoss returns why the connection was lost, or nil if it is not. It waits
// a moment, because paho reports a lost connection first to those who wait for
// a packet to be sent.
func (c *connection) awaitLoss(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	select {
	case <-c.lost:
		cause, _ := c.whyLost()
		return cause
	case <-ctx.Done():
		return nil
	}
}

// errSignedOut is the cause if the client itself ended the connection.
var errSignedOut = errors.New("signed out")

// close signs out, if the hub still listens, and releases everything.
func (c *connection) close() {
	c.end(errSignedOut)
	c.mqtt.Disconnect(uint(disconnectLimit / time.Millisecond))
	c.socket.Close()
	c.publishing.Wait()
}

const (
	disconnectLimit = 250 * time.Millisecond // how long a DISCONNECT may take
	publishLimit    = 2 * time.Second        // how long paho may take to accept a packet
)
