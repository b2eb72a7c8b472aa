package localhub

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub/event"
	"moduletwin/pkg/localhub/fault"
	"moduletwin/pkg/localhub/internal/auth"
	"moduletwin/pkg/localhub/internal/faults"
	"moduletwin/pkg/localhub/internal/mqtt"
	"moduletwin/pkg/localhub/internal/network"
	"moduletwin/pkg/localhub/internal/registry"
	"moduletwin/pkg/localhub/internal/rest"
	"moduletwin/pkg/localhub/internal/store"
)

// Hub is a running IoT hub. Its methods may be called from several
// goroutines at once.
type Hub struct {
	options Options
	log     *slog.Logger
	host    string   // the name for connection strings, without port
	names   []string // all names and addresses of the hub

	certificates certificates
	tls          *tls.Config
	registry     *registry.Registry
	auth         *auth.Auth
	faults       *faults.Queue
	events       event.Stream
	conditions   network.Conditions
	rest         *rest.Server
	mqtt         *mqtt.Server
	http         *http.Server
	httpConns    *handoff // connections that speak HTTP

	ctx    context.Context // done when the hub is closed
	cancel context.CancelFunc
	tasks  sync.WaitGroup // all goroutines of the hub

	stopping     sync.Mutex    // lets only one Stop or Resume run at a time; guards the next two
	pauseEnds    chan struct{} // closed to cancel the pause of StopFor; nil if there is none
	stoppedUntil time.Time     // when the pause ends; zero if there is none

	mu        sync.Mutex // guards the rest
	addresses []string   // to which listeners were bound, to bind them again
	listeners []net.Listener
	stopped   bool
	closed    bool
	conns     map[*network.Conn]struct{} // connections that are being served
	places    *places

	turnedAway       int // connections closed for lack of a place and not logged yet
	turnedAwayLogged time.Time
}

// ErrInUse says that another hub keeps its data in the same folder.
var ErrInUse = store.ErrInUse

// ErrUnusable says that the data file is damaged, is not a hub's file, or
// cannot be accessed; the error that wraps it says which. The file is left as
// it is.
var ErrUnusable = store.ErrUnusable

// TB is the part of [testing.T], [testing.B] and [testing.F] that [New] needs.
type TB interface {
	Helper()
	Cleanup(func())
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// New starts a hub for a test: on a free loopback port, with its data in memory
// and its log in the test's log. The hub is closed when the test ends.
func New(t TB) *Hub {
	t.Helper()
	h, err := Start(&Options{Logger: testLogger(t)})
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(h.Close)
	return h
}

func testLogger(t TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}

type testLog struct{ t TB }

func (l testLog) Write(line []byte) (int, error) {
	l.t.Logf("hub: %s", line)
	return len(line), nil
}

// Start starts a hub. When it returns, the hub accepts connections at all its
// addresses.
//
// The error is a [*ListenError] if an address cannot be opened; it matches
// [ErrInUse] if another hub uses [Options.DataDir], and [ErrUnusable] if the
// file there cannot be used. After an error, [Options.Listeners] are still
// open.
func Start(options *Options) (*Hub, error) {
	h := &Hub{options: options.withDefaults(), registry: registry.New(), conns: make(map[*network.Conn]struct{})}
	h.places = newPlaces(h.options.MaxConnections)
	h.log = h.options.Logger
	h.host, h.names = hostNames(h.options.Listen)
	h.ctx, h.cancel = context.WithCancel(context.Background())
	err := h.open()
	if err == nil {
		err = h.listen(h.options.Listen)
	}
	if err != nil {
		h.cancel()
		h.tasks.Wait()
		h.registry.Close()
		return nil, fmt.Errorf("localhub: %w", err)
	}
	h.tasks.Go(h.renewCertificate)
	h.startHTTP()
	h.startAccepting(h.options.Listeners)
	return h, nil
}

// open loads the stored data, or starts without any, and sets up the servers.
func (h *Hub) open() (err error) {
	if h.options.DataDir != "" {
		kept, err := registry.Open(h.options.DataDir, h.logBroken)
		if err != nil {
			return err
		}
		h.registry = kept
	}
	h.registry.Events = &h.events
	h.faults = &faults.Queue{Publish: h.publishFault, Log: h.logFault}
	h.auth = &auth.Auth{HostNames: h.names, Grace: h.options.TokenGrace, Exists: h.registry.Exists}
	var policies []string
	for _, p := range auth.Policies {
		policies = append(policies, p.Name)
	}
	if h.auth.PolicyKeys, err = h.registry.PolicyKeys(policies); err != nil {
		return err
	}
	certificate, err := keptCertificate(h.registry, h.names, time.Now())
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	h.certificates.shown.Store(certificate)
	h.tls = h.certificates.config()
	h.rest = &rest.Server{Registry: h.registry, Auth: h.auth, Faults: h.faults, Events: &h.events, Log: h.log, Authenticated: h.authenticated}
	h.mqtt = &mqtt.Server{Registry: h.registry, Auth: h.auth, Faults: h.faults, Events: &h.events, Log: h.log, Authenticated: h.authenticated, SignInTimeout: h.options.SignInTimeout}
	return nil
}

// logBroken logs that the data file is damaged. It logs in another goroutine,
// as its caller holds locks.
func (h *Hub) logBroken(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.tasks.Go(func() {
			h.log.Error("the data file cannot be written: the hub refuses all changes until it is started again", "error", err)
		})
	}
}

// Close closes the hub and all its connections, and waits until everything has
// ended. Closing a hub again does nothing.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.cancel()
	h.stopListening()
	for _, l := range h.options.Listeners {
		l.Close()
	}
	h.conditions.Set(fault.Network{})
	h.cutAll()
	h.http.Close()
	h.tasks.Wait()
	h.events.Close()
	h.registry.Close()
}

// HostName returns the HostName for connection strings of this hub, such as
// "localhost:8883".
func (h *Hub) HostName() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.addresses) == 0 {
		return h.host
	}
	_, port, _ := net.SplitHostPort(h.addresses[0])
	return net.JoinHostPort(h.host, port)
}

// ConnectionString returns the connection string of a shared access policy, one
// of the constants such as [PolicyIoTHubOwner]. Each policy has exactly the
// permissions that it has in Azure. ConnectionString panics if there is no such
// policy.
func (h *Hub) ConnectionString(policy string) iothub.ConnectionString {
	keys, known := h.auth.PolicyKeys[policy]
	if !known {
		panic(fmt.Sprintf("localhub: there is no shared access policy %q", policy))
	}
	return iothub.ConnectionString{HostName: h.HostName(), SharedAccessKeyName: policy, SharedAccessKey: keys.PrimaryKey}
}

// RootCAs returns the certificates that clients have to trust, for the options
// of that name:
//
//	registry, err := iothub.NewRegistry(hub.ConnectionString(PolicyIoTHubOwner), &iothub.Options{RootCAs: hub.RootCAs()})
//	client, err := iotmodule.Dial(ctx, module, &iotmodule.Options{RootCAs: hub.RootCAs()})
func (h *Hub) RootCAs() *x509.CertPool {
	roots := x509.NewCertPool()
	for _, c := range h.certificates.trusted() {
		roots.AddCert(c.authority)
	}
	return roots
}

// CertificatePEM returns the certificate that clients have to trust, as a PEM
// file. If the hub runs for so long that the certificate has to be replaced,
// the file also holds the next one, from an hour before the hub presents it.
func (h *Hub) CertificatePEM() (file []byte) {
	for _, c := range h.certificates.trusted() {
		file = append(file, c.pem()...)
	}
	return file
}
