package iothub

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"time"
)

// Options say how to reach a hub. A nil *Options means the zero value, and
// the zero value suits Azure and the local hub alike.
type Options struct {
	// RootCAs are the only certificate authorities that are trusted. Nil means
	// those of the system, those in the PEM file that the environment variable
	// IOTHUB_CA_FILE names and, for loopback hosts only, those of the local hubs
	// of this user. A loopback host that has certificates in one of the last two
	// places is not trusted because of the system's.
	RootCAs *x509.CertPool

	// Logger gets a line for each attempt that failed and will be repeated, with
	// the pause before that, and a line for a response that takes long. The attribute
	// "cause" is an error; [Hint] suggests what to do about it. If there is no
	// error yet, the attribute "hint" holds such a suggestion. Nil discards the
	// lines. No key or token is ever logged, and nothing is logged after a call
	// has returned.
	Logger *slog.Logger

	// TokenLifetime is how long a SAS token is valid. Tokens are renewed when a
	// fifth of it is left. It is rounded up to whole seconds; zero or less means
	// one hour.
	TokenLifetime time.Duration

	// DialContext opens the TCP connections to the hub, as in
	// [net/http.Transport]. Nil means a plain [net.Dialer] and the proxy that
	// the environment names. If it is set, no proxy is used.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// DefaultTokenLifetime is used if [Options.TokenLifetime] is zero.
const DefaultTokenLifetime = time.Hour

// withDefaults returns a copy in which every field that has a default is set.
func (o *Options) withDefaults() Options {
	var full Options
	if o != nil {
		full = *o
	}
	if full.Logger == nil {
		full.Logger = slog.New(slog.DiscardHandler)
	}
	if full.TokenLifetime <= 0 {
		full.TokenLifetime = DefaultTokenLifetime
	}
	return full
}
