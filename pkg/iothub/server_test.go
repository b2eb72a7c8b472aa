package iothub_test

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"moduletwin/pkg/internal/memnet"
	"moduletwin/pkg/iothub"
)

// server is an HTTPS server in memory that knows nothing about IoT hubs: it
// sends canned responses, one after the other, and records the requests.
type server struct {
	listener *memnet.Listener

	mu        sync.Mutex // guards the fields below
	responses []http.HandlerFunc
	always    http.HandlerFunc // the response to all requests, if not nil
	sent      []request
	conns     int
}

type request struct {
	method, uri string // the request line
	host        string
	header      http.Header
	body        string
}

// serverName is the host that [httptest] has a certificate for.
const serverName = "example.com"

var certificate, roots = func() (tls.Certificate, *x509.CertPool) {
	ts := httptest.NewTLSServer(nil)
	defer ts.Close()
	pool := x509.NewCertPool()
	pool.AddCert(ts.Certificate())
	return ts.TLS.Certificates[0], pool
}()

// serve starts a server. A request for which no response is left fails the
// test, and so does a response that is left over.
func serve(t testing.TB, responses ...http.HandlerFunc) *server {
	s := &server{listener: memnet.Listen(), responses: responses}
	hs := &http.Server{
		Handler:   http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.next(t, r)(w, r) }),
		ErrorLog:  log.New(io.Discard, "", 0),
		ConnState: s.count,
	}
	go hs.Serve(tls.NewListener(s.listener, &tls.Config{Certificates: []tls.Certificate{certificate}}))
	t.Cleanup(func() {
		hs.Close()
		if s.mu.Lock(); len(s.responses) > 0 {
			t.Errorf("%d responses are left over", len(s.responses))
		}
		s.mu.Unlock()
	})
	return s
}

// next records r and returns the next response.
func (s *server) next(t testing.TB, r *http.Request) http.HandlerFunc {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, request{r.Method, r.RequestURI, r.Host, r.Header, string(body)})
	if s.always != nil {
		return s.always
	}
	if len(s.responses) == 0 {
		t.Errorf("no response is left for %s %s", r.Method, r.RequestURI)
		return says(http.StatusTeapot, "")
	}
	response := s.responses[0]
	s.responses = s.responses[1:]
	return response
}

func (s *server) count(_ net.Conn, state http.ConnState) {
	if state == http.StateNew {
		s.mu.Lock()
		s.conns++
		s.mu.Unlock()
	}
}

// methods returns the methods of the requests, in order.
func (s *server) methods() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	methods := []string{}
	for _, r := range s.sent {
		methods = append(methods, r.method)
	}
	return methods
}

// requests returns the recorded requests.
func (s *server) requests() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

// registry returns a registry that reaches s, whatever the host. Options that
// are set in opts are kept.
func (s *server) registry(t testing.TB, opts *iothub.Options) *iothub.Registry {
	t.Helper()
	o := *cmp.Or(opts, &iothub.Options{})
	if o.RootCAs == nil {
		o.RootCAs = roots
	}
	if o.DialContext == nil {
		o.DialContext = s.listener.DialContext
	}
	registry, err := iothub.NewRegistry(parse(t, policyString), &o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(registry.CloseIdleConnections)
	return registry
}

const policyString = "HostName=" + serverName + ";SharedAccessKeyName=service;SharedAccessKey=" + testKey

// says answers with a status and a body; header lists names and values in turn.
func says(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for pair := range slices.Chunk(header, 2) {
			w.Header().Set(pair[0], pair[1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// shows answers with 200 and a file from testdata.
func shows(t testing.TB, name string) http.HandlerFunc {
	t.Helper()
	return says(http.StatusOK, read(t, name), "Content-Type", "application/json; charset=utf-8")
}

// hangsUp reads the request and closes the connection.
func hangsUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// breaksOff sends half a response and closes the connection.
func breaksOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	io.WriteString(w, `{"deviceId":`)
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// staysSilent keeps the connection open until the client closes it, and never
// answers.
func staysSilent(_ http.ResponseWriter, r *http.Request) {
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// A call is what a test does with a registry. Of the results, only the error
// matters.
type call func(ctx context.Context, r *iothub.Registry) error
