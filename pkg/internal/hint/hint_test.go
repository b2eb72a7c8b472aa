package hint_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"moduletwin/pkg/internal/hint"
	"moduletwin/pkg/internal/memnet"
)

// certificate is valid for example.com and 127.0.0.1; no system trusts it.
var certificate, roots = func() (tls.Certificate, *x509.CertPool) {
	ts := httptest.NewTLSServer(nil)
	defer ts.Close()
	pool := x509.NewCertPool()
	pool.AddCert(ts.Certificate())
	return ts.TLS.Certificates[0], pool
}()

// The errors come from real dials and handshakes, except where that would need
// another machine.
func TestNetwork(t *testing.T) {
	inYear2100 := func() time.Time { return time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) }
	tests := []struct {
		name, host string
		err        error
		want       string // "" for none
	}{
		{"refused by this machine", "127.0.0.1:8883", refused(), "Nothing is listening there. Is the local hub running, at the port of the connection string?"},
		{"refused by another", "myhub.azure-devices.net", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, "Nothing is listening there. Check HostName, and whether a firewall closes the port."},
		{"refused by this machine, on Windows", "localhost:8883", &net.OpError{Op: "dial", Err: os.NewSyscallError("connectex", syscall.Errno(10061))},
			"Nothing is listening there. Is the local hub running, at the port of the connection string?"},
		{"no such name", "nowhere.invalid", notFound(t), "The host name was not found. Check HostName in the connection string, and the network."},
		{"unknown authority", "example.com", handshake(tlsServer, &tls.Config{ServerName: "example.com", RootCAs: x509.NewCertPool()}),
			"Does a proxy decrypt the connection? Then set IOTHUB_CA_FILE to the file with its certificate."},
		{"unknown authority on this machine", "127.0.0.1:8883", handshake(tlsServer, &tls.Config{ServerName: "127.0.0.1", RootCAs: x509.NewCertPool()}),
			"A hub of another user, or another program, is listening on this port. End it, or set IOTHUB_CA_FILE to the file that the window of that hub shows after Certificate."},
		{"certificate for another host", "elsewhere.org", handshake(tlsServer, &tls.Config{ServerName: "elsewhere.org", RootCAs: roots}),
			"The certificate is for another host. Check HostName in the connection string."},
		{"certificate has expired", "example.com", handshake(tlsServer, &tls.Config{ServerName: "example.com", RootCAs: roots, Time: inYear2100}),
			"Check the clock of this machine; if it is right, the certificate has expired."},
		{"not TLS", "example.com", handshake(plainServer, &tls.Config{ServerName: "example.com"}),
			"The server there does not speak TLS. Check the host and port in the connection string."},
		{"not TLS, through net/http", "example.com", plainHTTP(t),
			"The server there does not speak TLS. Check the host and port in the connection string."},
		{"no answer", "example.com", silence(),
			"No answer in time. Check the network; a firewall may be dropping the packets."},
		{"no answer from this machine: a stopped program", "localhost", silence(),
			"Something is listening there, but does not answer. If it is the local hub: was it stopped with Ctrl+Z? Type fg in its window."},
		{"no answer from this machine, through net/http", "127.0.0.1:8883", silentTLS(t),
			"Something is listening there, but does not answer. If it is the local hub: was it stopped with Ctrl+Z? Type fg in its window."},
		{"a certificate is demanded", "example.com", &net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")},
			"The server demands a client certificate, which an IoT hub never does of clients with a key. Check HostName in the connection string; a proxy may be answering in its place."},
		{"not HTTP", "localhost:22", errors.New(`net/http: HTTP/1.x transport connection broken: malformed HTTP response "SSH"`),
			"The server there does not speak HTTP like an IoT hub. Check the host and port in the connection string."},
		{"a deadline", "example.com", context.DeadlineExceeded,
			"No answer in time. Check the network; a firewall may be dropping the packets."},
		{"a timeout of the system", "example.com", &net.OpError{Op: "dial", Err: syscall.ETIMEDOUT},
			"No answer in time. Check the network; a firewall may be dropping the packets."},
		{"closed by this machine", "localhost:8883", handshake(closingServer, &tls.Config{ServerName: "localhost"}),
			"The connection was closed. If that is the local hub, its window says why."},
		{"reset by this machine", "[::1]:8883", &net.OpError{Op: "read", Err: syscall.ECONNRESET},
			"The connection was closed. If that is the local hub, its window says why."},
		{"closed by another", "example.com", handshake(closingServer, &tls.Config{ServerName: "example.com"}), ""},
		{"canceled by the user", "localhost", context.Canceled, ""},
		{"canceled while the name was looked up", "myhub.azure-devices.net", canceledLookup(t), ""},
		{"anything else", "localhost", errors.New("something else"), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.err == nil {
				t.Fatal("there was no error")
			}
			got := hint.Network(test.err, test.host)
			if test.want == "" {
				if got != test.err {
					t.Errorf("got %v, want the error as it is", got)
				}
				return
			}
			var hinted *hint.Error
			if !errors.As(got, &hinted) || hinted.Hint != test.want {
				t.Errorf("got %v, want the hint %s", got, test.want)
			}
			if got.Error() != test.err.Error() || errors.Unwrap(got) != test.err {
				t.Errorf("the error became %v", got)
			}
		})
	}
}

// refused dials a port on which nothing listens: no other test can take it.
func refused() error {
	_, err := net.Dial("tcp", "127.0.0.1:1")
	return err
}

// notFound looks up a name while no name server answers.
func notFound(t *testing.T) error {
	resolver := net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, syscall.ENETUNREACH
	}}
	_, err := (&net.Dialer{Resolver: &resolver}).DialContext(t.Context(), "tcp", "nowhere.invalid:443")
	return err
}

func canceledLookup(t *testing.T) error {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := (&net.Resolver{PreferGo: true}).LookupHost(ctx, "myhub.azure-devices.net")
	return err
}

// handshake returns the client's error of a handshake with a server.
func handshake(server func(net.Conn), config *tls.Config) error {
	near, far := memnet.Pipe()
	go server(far)
	defer near.Close()
	return tls.Client(near, config).Handshake()
}

func tlsServer(conn net.Conn) {
	tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{certificate}}).Handshake()
}

func plainServer(conn net.Conn) { io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n") }

func closingServer(conn net.Conn) { conn.Close() }

// silence returns the error of waiting for a silent server until a deadline.
func silence() error {
	near, _ := memnet.Pipe()
	near.SetDeadline(time.Now())
	return tls.Client(near, &tls.Config{ServerName: "example.com"}).Handshake()
}

// silentTLS returns the error of net/http when a connection is made but nothing
// is sent.
func silentTLS(t *testing.T) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // nothing is accepted, as if the program were stopped
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client := http.Client{Transport: &http.Transport{TLSHandshakeTimeout: time.Millisecond}}
	_, err = client.Get("https://" + listener.Addr().String())
	return err
}

// plainHTTP returns the error of speaking HTTPS to an HTTP server.
func plainHTTP(t *testing.T) error {
	ts := httptest.NewServer(http.NotFoundHandler())
	defer ts.Close()
	_, err := http.Get("https" + strings.TrimPrefix(ts.URL, "http"))
	return err
}
