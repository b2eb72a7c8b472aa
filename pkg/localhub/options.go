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

// Options configure a hub. A nil *Options means the zero value.
type Options struct {
	// Listen holds the addresses to serve, "host:port". The host
	// "localhost" means the loopback addresses of both IPv4 and IPv6, and
	// port 0 means a free port. Nil means "localhost:0", or nothing if
	// there are Listeners.
	Listen []string

	// Listeners are served in addition to Listen, and closed with the hub.
	// They must accept plain connections: the hub adds TLS.
	Listeners []net.Listener

	// Logger gets a line for every HTTPS request, every sign-in and
	// disconnection, and every refusal with its reason. Nil discards them.
	// No key, signature or token is ever logged. The hub holds no locks
	// while it logs, so the handler may call any of its methods except
	// Close.
	Logger *slog.Logger

	// DataDir is the folder in which the hub stores its certificate, keys,
	// identities, twins and subscriptions, all in the file [DataFile]. The
	// folder is created if it does not exist. "" keeps everything in memory
	// only. If the file turns out to be damaged while the hub runs, that is
	// logged as an error, once, and from then on the hub answers every
	// change with status 500.
	DataDir string

	// TokenGrace is how long a token is still accepted after its expiry,
	// and how long a connection that signed in with it lives on. Zero means
	// 5 minutes, as in Azure; a negative value means no grace.
	TokenGrace time.Duration

	// SignInTimeout is how long a new connection may take for the TLS
	// handshake, and then again to identify itself. Zero means 30 seconds.
	SignInTimeout time.Duration

	// MaxConnections is how many connections may be open at once. At most
	// three quarters of them may belong to clients that have not signed in,
	// over MQTT or with an authorized HTTPS request. If a new connection
	// would exceed either limit, one that has not signed in is closed: the
	// oldest from the address with the most of them. If all places are
	// taken by clients that have signed in, new connections are closed at
	// once. Zero means 16384.
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
