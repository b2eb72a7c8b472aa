package iotmodule

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"time"

	"moduletwin/pkg/iothub"
)

// Options say how to reach a hub. A nil *Options means the zero value, which
// suits Azure and the local hub alike.
type Options struct {
	// RootCAs are the only authorities trusted. Nil means the system's, those
	// in the PEM file that the environment variable IOTHUB_CA_FILE names and,
	// for loopback hosts only, the certificate that the local hub left in its
	// folder.
	RootCAs *x509.CertPool

	// Logger gets a line when the connection is lost, for each attempt that
	// fails, with the pause before the next, when the connection is back, and
	// when the token was renewed. The attribute "cause" is an error;
	// [iothub.Hint] tells what may help against it. Where there is no error yet,
	// the attribute "hint" tells that. Nil discards all that. The client waits for
	// the logger, so its handler must neither wait for the client to be connected
	// nor close it. No key or token is ever logged.
	Logger *slog.Logger

	// TokenLifetime is how long a SAS token is good for, rounded up to whole
	// seconds, and so how often the client signs in anew: when a fifth of it is
	// left. Zero or less means one hour.
	TokenLifetime time.Duration

	// DialContext opens the TCP connections to the hub, as in
	// [net/http.Transport]. Nil means a plain [net.Dialer] and, for MQTT over
	// WebSocket, the proxy that the environment names.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)

	// WebSocket makes the connection MQTT over WebSocket, on port 443 unless
	// the connection string names another, and through the proxy that the
	// environment names. It is for networks that block port 8883.
	WebSocket bool

	// KeepAlive is the longest silence, in whole seconds, before the client
	// asks the hub for a sign of life; a hub silent for half as long again, and
	// 10 s at least, is given up. Zero means one minute, the most 1177 s.
	KeepAlive time.Duration
}

const (
	defaultKeepAlive = time.Minute
	maxKeepAlive     = 1177 * time.Second // the hub's limit of 1767 s is one and a half times this
)

func (o *Options) withDefaults() Options {
	var full Options
	if o != nil {
		full = *o
	}
	if full.Logger == nil {
		full.Logger = slog.New(slog.DiscardHandler)
	}
	if full.TokenLifetime <= 0 {
		full.TokenLifetime = iothub.DefaultTokenLifetime
	}
	if full.KeepAlive <= 0 {
		full.KeepAlive = defaultKeepAlive
	}
	full.KeepAlive = min(max(full.KeepAlive.Truncate(time.Second), time.Second), maxKeepAlive)
	return full
}
