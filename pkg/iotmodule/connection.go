package iotmodule

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"moduletwin/pkg/iothub"
)

// connection is one signed-in MQTT connection, from CONNECT to its end. It
// never reconnects; the client makes a new one. paho does the packets,
// acknowledgements and pings, nothing more.
type connection struct {
	module  iothub.ConnectionString // whose it is
	mqtt    mqtt.Client
	socket  net.Conn
	since   time.Time
	renewAt time.Time     // when its token should be replaced
	limit   time.Duration // of waiting for the response to one request

	desired func(*connection, []byte) // gets the body of every notification, in order

	mu      sync.Mutex               // guards the fields below
	waiting map[string]chan response // by request id
	cause   error                    // why it ended

	publishing sync.WaitGroup
	lost       chan struct{} // closed at its end
	once       sync.Once     // closes lost
}

// apiVersion is the version of the hub's interface that the client speaks.
const apiVersion = "2021-04-12"

// signIn dials, sends CONNECT with a fresh token and subscribes. The
// connection is of use only when all of that is done. ctx bounds the sign-in,
// not the connection.
func signIn(ctx context.Context, module iothub.ConnectionString, d *dialer, o *Options, desired func(*connection, []byte)) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, o.timings.signIn)
	defer cancel()
	socket, err := d.dial(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	token := module.NewSASToken(now.Add(o.TokenLifetime))
	c := &connection{
		module:  module,
		socket:  socket,
		since:   now,
		renewAt: token.RenewAt(now),
		limit:   o.timings.response,
		desired: desired,
		waiting: make(map[string]chan response),
		lost:    make(chan struct{}),
	}
	c.mqtt = mqtt.NewClient(c.options(token, o))
	stop := context.AfterFunc(ctx, func() { socket.Close() }) // paho knows no contexts
	defer stop()
	if err := c.connect(ctx); err != nil {
		c.close() // the hub may have said yes before ctx ended, and paho be running
		return nil, err
	}
	if err := c.subscribe(ctx); err != nil {
		c.close()
		return nil, err
	}
	if !stop() {
		c.close()
		return nil, ctx.Err()
	}
	return c, nil
}

func (c *connection) options(token iothub.SASToken, o *Options) *mqtt.ClientOptions {
	return mqtt.NewClientOptions().
		AddBroker("tls://" + c.module.HostName). // a name only: the socket is there already
		SetCustomOpenConnectionFn(func(*url.URL, mqtt.ClientOptions) (net.Conn, error) { return c.socket, nil }).
		SetProtocolVersion(4). // else paho asks again as MQTT 3.1 when it is refused
		SetClientID(c.module.DeviceID + "/" + c.module.ModuleID).
		SetUsername(username(c.module)).
		SetPassword(token.Reveal()).
		SetCleanSession(false). // as the official SDKs do
		SetKeepAlive(o.KeepAlive).
		SetPingTimeout(o.KeepAlive). // the socket gives up sooner
		SetWriteTimeout(publishLimit).
		SetAutoReconnect(false).
		SetConnectRetry(false).
		SetOrderMatters(true).
		SetDefaultPublishHandler(c.receive).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { c.end(err) })
}

// username names the hub, the module and the version of the interface; ids
// are not escaped.
func username(module iothub.ConnectionString) string {
	clientType := fmt.Sprintf("moduletwin (%s; %s)", runtime.Version(), runtime.GOOS)
	return fmt.Sprintf("%s/%s/%s/?api-version=%s&DeviceClientType=%s",
		module.Host(), module.DeviceID, module.ModuleID, apiVersion, url.PathEscape(clientType))
}

// refusedError is a CONNACK with a code other than 0.
type refusedError struct{ code byte }

func (e refusedError) Error() string {
	return fmt.Sprintf("the hub refused the sign-in (CONNACK %d)", e.code)
}

// unauthorized reports whether the refusal is about who signs in. The hub
// uses 5 for every reason it has.
func (e refusedError) unauthorized() bool { return e.code == 4 || e.code == 5 }

func (c *connection) connect(ctx context.Context) error {
	token := c.mqtt.Connect().(*mqtt.ConnectToken)
	<-token.Done() // ctx ends it by closing the socket
	if code := token.ReturnCode(); 0 < code && code <= 5 {
		return refusedError{code}
	}
	return firstError(ctx.Err(), token.Error())
}

// subscribe asks for responses and notifications, on every connection, whatever
// the hub remembers of earlier ones.
func (c *connection) subscribe(ctx context.Context) error {
	token := c.mqtt.SubscribeMultiple(map[string]byte{responsesFilter: 1, desiredFilter: 1}, nil).(*mqtt.SubscribeToken)
	select {
	case <-token.Done():
	case <-c.lost:
		return firstError(ctx.Err(), fmt.Errorf("subscribe: %w", c.whyLost()))
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := token.Error(); err != nil {
		return firstError(ctx.Err(), fmt.Errorf("subscribe: %w", err))
	}
	for filter, granted := range maps.All(token.Result()) {
		if granted > 1 { // paho takes a refusal for a success
			return fmt.Errorf("the hub refused the subscription of %s (SUBACK %#x)", filter, granted)
		}
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// receive takes every message of the hub, on paho's goroutine: it must not
// wait for anything.
func (c *connection) receive(_ mqtt.Client, message mqtt.Message) {
	if status, requestID, version, ok := parseResponse(message.Topic()); ok {
		c.mu.Lock()
		waiting := c.waiting[requestID]
		delete(c.waiting, requestID) // one response each
		c.mu.Unlock()
		if waiting != nil {
			waiting <- response{status, version, message.Payload()}
		}
		return
	}
	if strings.HasPrefix(message.Topic(), desiredPrefix) {
		c.desired(c, message.Payload())
		runtime.Gosched() // the reader goes first, then the acknowledgement, which paho writes on return
	}
}

// end marks the connection as lost; the first cause counts.
func (c *connection) end(cause error) {
	c.once.Do(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.cause = cause
		close(c.lost)
	})
}

func (c *connection) isLost() bool {
	select {
	case <-c.lost:
		return true
	default:
		return false
	}
}

func (c *connection) whyLost() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

// errSignedOut is the cause of an end of our own making.
var errSignedOut = errors.New("signed out")

// close says disconnectLimit to the hub, if it listens, and frees everything.
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
