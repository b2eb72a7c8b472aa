package iotmodule

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"

	"moduletwin/pkg/internal/trust"
	"moduletwin/pkg/internal/wsconn"
	"moduletwin/pkg/iothub"
)

const (
	mqttPort      = 8883
	webSocketPort = 443

	writeTimeout = 15 * time.Second // of one write to the socket
	latePing     = 10 * time.Second // paho may ask for a sign of life 5 s late
)

// dialer opens sockets to one hub.
type dialer struct {
	address   string
	tls       *tls.Config
	tcp       func(ctx context.Context, network, address string) (net.Conn, error)
	webSocket bool
	proxy     func(*http.Request) (*url.URL, error) // for WebSocket; nil for none
	silence   time.Duration                         // after which a socket is given up
}

func newDialer(module iothub.ConnectionString, o *Options) (*dialer, error) {
	config, err := trust.Config(module.Host(), o.RootCAs)
	if err != nil {
		return nil, err
	}
	config.ClientSessionCache = tls.NewLRUClientSessionCache(1) // reconnecting costs no full handshake
	d := &dialer{
		address:   module.Address(mqttPort),
		tls:       config,
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
	return d, nil
}

// dial opens a socket for MQTT packets.
func (d *dialer) dial(ctx context.Context) (*packetConn, error) {
	open := d.dialTLS
	if d.webSocket {
		open = d.dialWebSocket
	}
	conn, err := open(ctx)
	if err != nil {
		return nil, err
	}
	return newPacketConn(&watchedConn{conn, d.silence}), nil
}

func (d *dialer) dialTLS(ctx context.Context) (net.Conn, error) {
	raw, err := d.tcp(ctx, "tcp", d.address)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, d.tls)
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	return conn, nil
}

func (d *dialer) dialWebSocket(ctx context.Context) (net.Conn, error) {
	ws := websocket.Dialer{
		Proxy:           d.proxy,
		NetDialContext:  d.tcp,
		TLSClientConfig: d.tls,
		Subprotocols:    []string{"mqtt"},
	}
	conn, resp, err := ws.DialContext(ctx, "wss://"+d.address+wsconn.Path, nil)
	if err != nil {
		if resp != nil {
			return nil, fmt.Errorf("WebSocket: %s: %w", resp.Status, err)
		}
		return nil, err
	}
	return wsconn.New(conn), nil
}

// watchedConn breaks off when nothing comes for too long, since the pings of
// the client make a healthy hub speak, and when a write does not get through.
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
