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
	// RootCAs are the only authorities trusted. Nil means the system's, those
	// in the PEM file that the environment variable IOTHUB_CA_FILE names and,
	// for loopback hosts only, the certificate that the local hub left in its
	// folder.
	RootCAs *x509.CertPool

	// Logger gets a line for each attempt that fails, with the pause before the
	// next, and for a response that takes long. The attribute "cause" is an
	// error; [Hint] tells what may help against it. Where there is no error yet,
	// the attribute "hint" tells that. Nil discards all that. No key or token is
	// ever logged, and nothing after a call has returned.
	Logger *slog.Logger

	// TokenLifetime is how long a SAS token is good for; tokens are renewed
	// when a fifth of it is left. It is rounded up to whole seconds; zero or
	// less means one hour.
	TokenLifetime time.Duration

	// DialContext opens the TCP connections to the hub, as in
	// [net/http.Transport]. Nil means a plain [net.Dialer] and the proxy that the
	// environment names; with a function of your own, no proxy is used.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// DefaultTokenLifetime is what a zero [Options.TokenLifetime] means.
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
