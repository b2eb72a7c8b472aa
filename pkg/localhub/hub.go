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
	names   []string // all names and addresses that the hub goes by

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

	stopping     sync.Mutex    // held by Stop and Resume, one at a time; guards the next two
	pauseEnds    chan struct{} // of StopFor; nil without one
	stoppedUntil time.Time     // zero without a pause

	mu        sync.Mutex // guards the rest
	addresses []string   // of listeners, as bound, to bind them again
	listeners []net.Listener
	stopped   bool
	closed    bool
	conns     map[*network.Conn]struct{} // that are served
	places    *places

	turnedAway       int // connections without a place, since they were logged
	turnedAwayLogged time.Time
}

// ErrInUse says that another hub keeps its data in the same folder.
var ErrInUse = store.ErrInUse

// ErrUnusable says that the file with the data is damaged, not a hub's, or out
// of reach; the error that wraps it says which. The file is left as it is.
var ErrUnusable = store.ErrUnusable

// TB is what [New] needs of a [testing.T], [testing.B] or [testing.F].
type TB interface {
	Helper()
	Cleanup(func())
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// New starts a hub for a test: on a free loopback port, in memory, with its
// log in the test's. It is closed when the test ends.
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

// Start starts a hub. When it returns, the hub accepts connections at all
// its addresses.
//
// The error is a [*ListenError] if an address cannot be opened; it matches
// [ErrInUse] if another hub uses [Options.DataDir], and [ErrUnusable] if the
// file there cannot be used. [Options.Listeners] then stay open.
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

// open reads what is kept from before, or begins anew, and sets up what serves
// it.
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

// logBroken logs that the file with the data is damaged. It does not wait for
// that, as its caller holds locks.
func (h *Hub) logBroken(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.tasks.Go(func() {
			h.log.Error("from now on the hub refuses to change anything; start it again", "error", err)
		})
	}
}

// Close ends all connections and the hub, and waits until everything has
// ended. Closing it again does nothing.
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

// HostName returns the HostName of connection strings for this hub,
// "localhost:port".
func (h *Hub) HostName() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.addresses) == 0 {
		return h.host
	}
	_, port, _ := net.SplitHostPort(h.addresses[0])
	return net.JoinHostPort(h.host, port)
}

// ConnectionString returns the string of a shared access policy, one of the
// constants such as [PolicyIoTHubOwner]. Each has exactly the permissions that
// it has in Azure. It panics if there is no such policy.
func (h *Hub) ConnectionString(policy string) iothub.ConnectionString {
	keys, known := h.auth.PolicyKeys[policy]
	if !known {
		panic(fmt.Sprintf("localhub: there is no shared access policy %q", policy))
	}
	return iothub.ConnectionString{HostName: h.HostName(), SharedAccessKeyName: policy, SharedAccessKey: keys.PrimaryKey}
}

// RootCAs returns what clients have to trust, for the options of that name:
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

// CertificatePEM returns the certificate that clients have to trust as a
// file. A hub that runs for so long that it has to replace it returns the next
// one with it, an hour before clients are shown that.
func (h *Hub) CertificatePEM() (file []byte) {
	for _, c := range h.certificates.trusted() {
		file = append(file, c.pem()...)
	}
	return file
}
