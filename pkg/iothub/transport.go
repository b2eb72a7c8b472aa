package iothub

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// newTransport returns the transport with which a registry reaches its hub.
func newTransport(o Options, config *tls.Config) *http.Transport {
	t := &http.Transport{
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        90 * time.Second,
		DisableCompression:     true, // or package http would add the header Accept-Encoding to those that request sets
		MaxResponseHeaderBytes: maxHeader,
	}
	dial := o.DialContext
	if dial == nil {
		dial = (&net.Dialer{Timeout: requestTimeout}).DialContext // package http goes on dialing when a call has ended
		t.Proxy = http.ProxyFromEnvironment
		t.OnProxyConnectResponse = refusedByProxy
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

// refusedByProxy returns the error if a proxy refuses to connect to the hub.
// Package http would only show the reason phrase, which may be empty.
func refusedByProxy(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return fmt.Errorf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
}

// conn is a connection whose writes never fail. After the hub has ended a
// connection, the reason may still be waiting to be read, such as a TLS alert,
// and a failed write would hide it.
type conn struct{ net.Conn }

// Write writes to the connection. If that fails, the next read fails, too.
func (c conn) Write(b []byte) (int, error) {
	c.Conn.Write(b)
	return len(b), nil
}
