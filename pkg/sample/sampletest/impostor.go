package sampletest

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Impostor serves HTTPS but is no hub. It returns its host:port and a file
// with its certificate.
func Impostor(t *testing.T, handler http.HandlerFunc) (host, caFile string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(&bytes.Buffer{}, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "https://"), file(t, certificateOf(server))
}

// Imposed is the environment in which the service side takes an impostor for
// its hub.
func Imposed(t *testing.T, handler http.HandlerFunc) Env {
	t.Helper()
	host, caFile := Impostor(t, handler)
	return Service(PolicyString(host), caFile)
}

// ImpostorTLS says the same to everybody, over TLS.
func ImpostorTLS(t *testing.T, words string) (host, caFile string) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS() // for its certificate
	defer server.Close()
	l := listen(t)
	answerAll(t, tls.NewListener(l, server.TLS), words)
	return l.Addr().String(), file(t, certificateOf(server))
}

// Chatter says the same to everybody, without TLS.
func Chatter(t *testing.T, words string) (host string) {
	t.Helper()
	l := listen(t)
	answerAll(t, l, words)
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

// answerAll says words to everybody who connects, until the test ends.
func answerAll(t *testing.T, l net.Listener, words string) {
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
