package sampletest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// HTTPSServer starts an HTTPS server that is not a hub. It returns the server's
// host:port and a file with its certificate.
func HTTPSServer(t *testing.T, handler http.HandlerFunc) (host, caFile string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(&bytes.Buffer{}, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "https://"), file(t, certificateOf(server))
}

// ServedBy is an environment in which handler answers in place of the service
// side's hub.
func ServedBy(t *testing.T, handler http.HandlerFunc) Env {
	t.Helper()
	host, caFile := HTTPSServer(t, handler)
	return Service(PolicyString(host), caFile)
}

// TLSServer starts a server that sends words to every client, over TLS.
func TLSServer(t *testing.T, words string) (host, caFile string) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS() // for its certificate
	defer server.Close()
	l := listen(t)
	sayToAll(t, tls.NewListener(l, server.TLS), words)
	return l.Addr().String(), file(t, certificateOf(server))
}

// TCPServer starts a server that sends words to every client, without TLS.
func TCPServer(t *testing.T, words string) (host string) {
	t.Helper()
	l := listen(t)
	sayToAll(t, l, words)
	return l.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// sayToAll sends words to every client until the test ends.
func sayToAll(t *testing.T, l net.Listener, words string) {
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(conn, words)
			conn.Close()
		}
	}()
}

func certificateOf(server *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

// HTTPSServerWithClientCertificates starts a server that demands a client
// certificate.
func HTTPSServerWithClientCertificates(t *testing.T) (host, caFile string) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.StartTLS()
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "https://"), file(t, certificateOf(server))
}

// HTTPSServerWithBadName starts a server with an untrusted certificate for a
// host name that a terminal would interpret.
func HTTPSServerWithBadName(t *testing.T) (host string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotAfter:     time.Now().Add(time.Hour),
		DNSNames:     []string{"red \x1b[31m\nline"},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "https://127.0.0.1", "localhost", 1)
}
