package iotmodule

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"net/url"
	"runtime"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"moduletwin/pkg/iothub"
)

// signIn dials, sends CONNECT with a fresh token and subscribes. The
// connection is of use only when all of that is done. ctx bounds the sign-in,
// not the connection.
func (c *Client) signIn(ctx context.Context) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timings.signIn)
	defer cancel()
	defer c.stillWaiting(ctx, "sign-in", c.timings.signIn)()
	socket, err := c.dialer.dial(ctx)
	if err != nil {
		return nil, err
	}
	conn := c.newConnection(socket)
	stop := context.AfterFunc(ctx, func() { socket.Close() }) // paho knows no contexts
	defer stop()
	err = conn.connect(ctx)
	if err == nil {
		err = conn.subscribe(ctx)
	}
	if err == nil && !stop() {
		err = context.Cause(ctx)
	}
	if err != nil {
		conn.close() // the hub may have said yes before ctx ended, and paho be running
		return nil, err
	}
	return conn, nil
}

func (c *Client) newConnection(socket *packetConn) *connection {
	now := time.Now()
	token := c.module.NewSASToken(now.Add(c.opts.TokenLifetime))
	conn := &connection{
		module:  c.module,
		socket:  socket,
		since:   now,
		renewAt: token.RenewAt(now),
		limit:   c.timings.response,
		desired: c.follower.notify,
		waiting: make(map[string]chan response),
		lost:    make(chan struct{}),
	}
	conn.mqtt = mqtt.NewClient(conn.options(token, c.opts.KeepAlive))
	return conn
}

func (c *connection) options(token iothub.SASToken, keepAlive time.Duration) *mqtt.ClientOptions {
	return mqtt.NewClientOptions().
		AddBroker("tls://" + c.module.HostName). // a name only: the socket is there already
		SetCustomOpenConnectionFn(func(*url.URL, mqtt.ClientOptions) (net.Conn, error) { return c.socket, nil }).
		SetProtocolVersion(4). // else paho asks again as MQTT 3.1 when it is refused
		SetClientID(c.module.DeviceID + "/" + c.module.ModuleID).
		SetUsername(username(c.module)).
		SetPassword(token.Reveal()).
		SetCleanSession(false). // as the official SDKs do
		SetKeepAlive(keepAlive).
		SetPingTimeout(keepAlive). // the socket gives up sooner
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
		module.Host(), module.DeviceID, module.ModuleID, iothub.APIVersion, url.PathEscape(clientType))
}

func (c *connection) connect(ctx context.Context) error {
	token := c.mqtt.Connect()
	<-token.Done()                           // ctx ends it by closing the socket
	if code := c.socket.connack; code != 0 { // paho has codes of its own among those that a hub could send
		return refusedError{code}
	}
	return cmp.Or(context.Cause(ctx), networkError(token.Error()))
}

// networkError returns what the network says, which paho puts behind words of
// its own.
func networkError(err error) error {
	if both, ok := err.(interface{ Unwrap() []error }); ok {
		return both.Unwrap()[len(both.Unwrap())-1]
	}
	return err
}

// subscribe asks for responses and notifications, on every connection, whatever
// the hub remembers of earlier ones.
func (c *connection) subscribe(ctx context.Context) error {
	token := c.mqtt.SubscribeMultiple(map[string]byte{responsesFilter: 1, desiredFilter: 1}, nil).(*mqtt.SubscribeToken)
	select {
	case <-token.Done():
	case <-c.lost:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := token.Error(); err != nil || isClosed(c.lost) {
		late := context.DeadlineExceeded // with the connection intact, it is paho that did not get to it
		return cmp.Or(context.Cause(ctx), fmt.Errorf("subscribe: %w", cmp.Or(c.awaitLoss(ctx), late)))
	}
	for filter, granted := range maps.All(token.Result()) {
		if granted > 1 { // paho takes a refusal for a success
			return fmt.Errorf("the hub refused the subscription of %s (SUBACK %#x)", filter, granted)
		}
	}
	return nil
}
