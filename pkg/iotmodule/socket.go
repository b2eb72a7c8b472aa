package iotmodule

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"

	"moduletwin/pkg/internal/printable"
	"moduletwin/pkg/internal/trust"
	"moduletwin/pkg/internal/wsconn"
	"moduletwin/pkg/iothub"
)

const (
	mqttPort      = 8883
	webSocketPort = 443

	writeTimeout = 15 * time.Second // for one write to the socket
	latePing     = 10 * time.Second // paho may send a ping 5 s late
	maxHandshake = 1 << 20          // bytes until a WebSocket is open, including those of TLS
)

// dialer opens sockets to one hub.
type dialer struct {
	host      string
	address   string
	roots     *x509.CertPool         // nil means those of package trust
	sessions  tls.ClientSessionCache // saves a full handshake when reconnecting
	tcp       func(ctx context.Context, network, address string) (net.Conn, error)
	webSocket bool
	proxy     func(*http.Request) (*url.URL, error) // for WebSocket; nil means none
	silence   time.Duration                         // how long a socket may be silent before it counts as dead
}

func newDialer(module iothub.ConnectionString, o *Options) (*dialer, error) {
	d := &dialer{
		host:      module.Host(),
		address:   module.Address(mqttPort),
		roots:     o.RootCAs,
		sessions:  tls.NewLRUClientSessionCache(1),
		tcp:       o.DialContext,
		webSocket: o.WebSocket,
		silence:   o.KeepAlive + max(o.KeepAlive/2, latePing),
	}
	if d.webSocket {
		d.address = module.Address(webSocketPort)
	}
	if d.tcp == nil {
		d.tcp = new(net.Dialer).DialContext
		d.proxy = http.ProxyFromEnvironment
	}
	_, err := d.tlsConfig() // report a broken certificate file before dialing
	return d, err
}

// tlsConfig reads the certificate files each time: a hub that was restarted may
// have a new certificate.
func (d *dialer) tlsConfig() (*tls.Config, error) {
	config, err := trust.Config(d.host, d.roots)
	if err != nil {
		return nil, err
	}
	config.ClientSessionCache = d.sessions
	return config, nil
}

// dial opens a socket for MQTT packets.
func (d *dialer) dial(ctx context.Context) (*packetConn, error) {
	config, err := d.tlsConfig()
	if err != nil {
		return nil, err
	}
	open := d.dialTLS
	if d.webSocket {
		open = d.dialWebSocket
	}
	conn, err := open(ctx, config)
	if err != nil {
		return nil, printable.Error(err)
	}
	return newPacketConn(&watchedConn{conn, d.silence}), nil
}

func (d *dialer) dialTLS(ctx context.Context, config *tls.Config) (net.Conn, error) {
	raw, err := d.tcp(ctx, "tcp", d.address)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	return conn, nil
}

func (d *dialer) dialWebSocket(ctx context.Context, config *tls.Config) (conn net.Conn, err error) {
	var bounded *boundedConn
	stop := func() bool { return true }
	ws := websocket.Dialer{
		Proxy: d.proxy,
		NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			raw, err := d.tcp(ctx, network, address)
			if err != nil {
				return nil, err
			}
			stop = context.AfterFunc(ctx, func() { raw.Close() }) // websocket only looks at the deadline of ctx
			bounded = &boundedConn{Conn: raw, left: maxHandshake}
			return bounded, nil
		},
		TLSClientConfig: config,
		Subprotocols:    []string{"mqtt"},
	}
	opened, resp, err := dialRecovering(ctx, ws, "wss://"+d.address+wsconn.Path)
	switch {
	case !stop():
		if err == nil {
			opened.Close()
		}
		return nil, context.Cause(ctx)
	case resp != nil && err != nil:
		return nil, fmt.Errorf("%w: the server answered %d %s", err, resp.StatusCode, http.StatusText(resp.StatusCode))
	case err != nil:
		return nil, err
	}
	bounded.left = math.MaxInt64
	return wsconn.New(opened), nil
}

// dialRecovering opens a WebSocket. Package websocket panics, or returns an
// error without text, if a proxy gives no reason in its status line.
func dialRecovering(ctx context.Context, ws websocket.Dialer, url string) (conn *websocket.Conn, resp *http.Response, err error) {
	if ws.Proxy != nil {
		defer func() {
			if recover() != nil || err != nil && err.Error() == "" { // no space after the status, or nothing after it
				err = errors.New("the proxy refused, without a reason")
			}
		}()
	}
	return ws.DialContext(ctx, url, nil)
}

// boundedConn fails after reading a number of bytes. Without it, package http
// would read as many headers as a server sends.
type boundedConn struct {
	net.Conn
	left int64
}

func (c *boundedConn) Read(b []byte) (int, error) {
	if c.left <= 0 {
		return 0, errors.New("the handshake does not end")
	}
	n, err := c.Conn.Read(b)
	c.left -= int64(n)
	return n, err
}

// watchedConn fails if nothing arrives for too long (a healthy hub answers the
// client's pings) or if a write does not get through.
type watchedConn struct {
	net.Conn
	silence time.Duration
}

func (c *watchedConn) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.silence)); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

func (c *watchedConn) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}
