package iotmodule

import (
	"cmp"
	"context"
	"fmt"

	"net"
	"net/url"
	"runtime"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"moduletwin/pkg/iothub"
)

// signIn dials, sends CONNECT with a new token and subscribes. It returns a
// connection only when all of that is done. ctx limits the sign-in, not the
// connection.
func (c *Client) signIn(ctx context.Context) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timings.signIn)
	defer cancel()
	defer c.stillWaiting(ctx, "sign-in", c.timings.signIn)()
	socket, err := c.dialer.dial(ctx)
	if err != nil {
		return nil, err
	}
	conn := c.newConnection(socket)
	stop := context.AfterFunc(ctx, func() { socket.Close() }) // paho does not take a context
	defer stop()
	err = conn.connect(ctx)
	if err == nil {
		err = conn.subscribe(ctx)
	}
	if err == nil && !stop() {
		err = context.Cause(ctx)
	}
	if err != nil {
		conn.close() // paho is running if the hub accepted the sign-in before ctx ended
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
		AddBroker("tls://" + c.module.HostName). // only a name: the socket is open already
		SetCustomOpenConnectionFn(func(*url.URL, mqtt.ClientOptions) (net.Conn, error) { return c.socket, nil }).
		SetProtocolVersion(4). // or paho tries MQTT 3.1 after a refusal
		SetClientID(c.module.DeviceID + "/" + c.module.ModuleID).
		SetUsername(username(c.module)).
		SetPassword(token.Reveal()).
		SetCleanSession(false). // as the official SDKs do
		SetKeepAlive(keepAlive).
		SetPingTimeout(2 * maxKeepAlive). // never reached: the deadline of the socket is shorter
		SetWriteTimeout(publishLimit).
		SetAutoReconnect(false).
		SetConnectRetry(false).
		SetOrderMatters(true).
		SetDefaultPublishHandler(c.receive).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { c.end(err) })
}

// username contains the hub, the module and the API version. Ids are not
// escaped.
func username(module iothub.ConnectionString) string {
	clientType := fmt.Sprintf("moduletwin (%s; %s)", runtime.Version(), runtime.GOOS)
	return fmt.Sprintf("%s/%s/%s/?api-version=%s&DeviceClientType=%s",
		module.Host(), module.DeviceID, module.ModuleID, iothub.APIVersion, url.PathEscape(clientType))
}

func (c *connection) connect(ctx context.Context) error {
	token := c.mqtt.Connect()
	<-token.Done()                           // closing the socket ends this when ctx does
	if code := c.socket.connack; code != 0 { // not paho's code: paho uses some for its own errors
		return refusedError{code}
	}
	return cmp.Or(context.Cause(ctx), networkError(token.Error()))
}

// networkError returns the error of the network without what paho has put
// before it.
func networkError(err error) error {
	if both, ok := err.(interface{ Unwrap() []error }); ok {
		return both.Unwrap()[len(both.Unwrap())-1]
	}
	return err
}

// subscribe subscribes to responses and notifications. Every connection does
// so, even if the hub should remember the subscriptions of the last one.
func (c *connection) subscribe(ctx context.Context) error {
	token := c.mqtt.SubscribeMultiple(map[string]byte{responsesFilter: 1, desiredFilter: 1}, nil).(*mqtt.SubscribeToken)
	select {
	case <-token.Done():
	case <-c.lost:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := token.Error(); err != nil || isClosed(c.lost) {
		late := context.DeadlineExceeded // the connection is intact, but paho took too long
		return cmp.Or(context.Cause(ctx), fmt.Errorf("subscribe: %w", cmp.Or(c.awaitLoss(ctx), late)))
	}
	for filter, granted := range token.Result() {
		if granted > 1 { // to paho, a refusal is a success
			return fmt.Errorf("the hub refused the subscription of %s (SUBACK %#x)", filter, granted)
		}
	}
	return nil
}
