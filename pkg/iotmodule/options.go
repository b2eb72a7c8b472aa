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
	// RootCAs are the only certificate authorities that are trusted. Nil means
	// those of the system, those in the PEM file that the environment variable
	// IOTHUB_CA_FILE names and, for loopback hosts only, those of the local hubs
	// of this user. A loopback host that has certificates in one of the last two
	// places is not trusted because of the system's.
	RootCAs *x509.CertPool

	// Logger gets a line when the connection is lost, for each failed attempt,
	// with the pause before the next one, when the connection is back, and when
	// the token was renewed. The attribute "cause" is an error; [iothub.Hint]
	// suggests what to do about it. If there is no error yet, the attribute
	// "hint" holds such a suggestion. Nil discards the lines. The client waits
	// for the logger, so its handler must neither wait for a connection of the
	// client nor close the client. No key or token is ever logged.
	Logger *slog.Logger

	// TokenLifetime is how long a SAS token is valid. When a fifth of it is
	// left, the client signs in again with a new token. It is rounded up to
	// whole seconds; zero or less means one hour.
	TokenLifetime time.Duration

	// DialContext opens the TCP connections to the hub, as in
	// [net/http.Transport]. Nil means a plain [net.Dialer] and, for MQTT over
	// WebSocket, the proxy that the environment names. If it is set, no proxy is
	// used.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)

	// WebSocket selects MQTT over WebSocket, on port 443 unless the connection
	// string names another port, and through the proxy that the environment
	// names. It is for networks that block port 8883.
	WebSocket bool

	// KeepAlive is how long the connection may be silent before the client
	// sends a ping, in whole seconds. If the hub then stays silent for half as
	// long again, but at least 10 s, the connection counts as lost. Zero means
	// one minute; the maximum is 1177 s.
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
