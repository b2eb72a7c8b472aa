package localhub

import (
	"cmp"
	"log/slog"
	"net"
	"time"

	"moduletwin/pkg/localhub/internal/store"
)

// DataFile is the name of the file in [Options.DataDir].
const DataFile = store.FileName

// Options say how a hub is to run. A nil *Options means the zero value.
type Options struct {
	// Listen holds the addresses to serve, "host:port". The host "localhost"
	// means the loopback addresses of both families, port 0 a free one. Nil
	// means "localhost:0", or nothing if there are Listeners.
	Listen []string

	// Listeners are served beside those of Listen, and closed with the hub.
	// Their connections are bare: TLS is the hub's.
	Listeners []net.Listener

	// Logger gets a line for every request, sign-in and sign-out, and for
	// every refusal with its reason. Nil discards them. No key, signature or
	// token is ever logged. The hub holds no locks meanwhile: the handler may
	// call its methods, but for Close.
	Logger *slog.Logger

	// DataDir is the folder in which the hub keeps its certificate, keys,
	// identities, twins and stored subscriptions, all in the file [DataFile];
	// it is made if it does not exist. "" keeps them in memory only. A file that
	// turns out to be damaged while the hub runs is logged as an error, once;
	// from then on the hub answers every change with status 500.
	DataDir string

	// TokenGrace is how long after its expiry a token still counts, and how
	// long a connection that it signed in lives on. Zero means 5 minutes, as
	// in Azure; a negative value means no grace.
	TokenGrace time.Duration

	// SignInTimeout is the time that a new connection has for the TLS
	// handshake, and then for saying who it is. Zero means 30 seconds.
	SignInTimeout time.Duration

	// MaxConnections is how many connections may be open at once. Up to three
	// quarters of them may be of clients that have not signed in, over MQTT or
	// with an HTTPS request; when there are more, or no place is left for a new
	// connection, those are closed, the oldest first and of the address that has
	// most. When all have signed in, new connections are closed as they come.
	// Zero means 16384.
	MaxConnections int
}

// withDefaults returns a copy in which every field that has a default is set.
func (o *Options) withDefaults() Options {
	var full Options
	if o != nil {
		full = *o
	}
	if full.Listen == nil && full.Listeners == nil {
		full.Listen = []string{"localhost:0"}
	}
	if full.Logger == nil {
		full.Logger = slog.New(slog.DiscardHandler)
	}
	full.TokenGrace = max(0, cmp.Or(full.TokenGrace, 5*time.Minute))
	full.SignInTimeout = cmp.Or(full.SignInTimeout, 30*time.Second)
	full.MaxConnections = cmp.Or(full.MaxConnections, 16384)
	return full
}
