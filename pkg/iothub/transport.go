package iothub

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// newTransport returns how a registry reaches its hub.
func newTransport(o Options, config *tls.Config) *http.Transport {
	t := &http.Transport{
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        90 * time.Second,
		DisableCompression:     true, // or there would be a header Accept-Encoding besides those that request sets
		MaxResponseHeaderBytes: maxHeader,
	}
	dial := o.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
		t.Proxy = http.ProxyFromEnvironment
	}
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return conn{c}, nil
	}
	return t
}

// conn is a connection whose writes do not fail. When it has ended, there may be
// something left to read that says why, such as an alert of TLS, and the error of
// a write would come before it.
type conn struct{ net.Conn }

// Write writes to the connection. If that fails, so will the next read.
func (c conn) Write(b []byte) (int, error) {
	c.Conn.Write(b)
	return len(b), nil
}
