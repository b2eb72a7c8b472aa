//go:build linux

package bench

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/portal"
)

// serverVariable is the environment variable that makes the test binary a
// server.
const serverVariable = "BENCH_SERVER"

// server is a hub or its floor in its own process, so that its memory and
// garbage collector are not shared with the clients.
type server struct {
	process *os.Process
	stdin   io.WriteCloser
	stdout  *bufio.Reader
	caFile  string
	address string  // "localhost:port"
	memory  float64 // in MiB, before it did anything
	stop    func()
}

// startServer starts a server of a kind that serve knows.
func startServer(b *testing.B, kind string) *server {
	b.Helper()
	s := &server{caFile: filepath.Join(b.TempDir(), "ca.pem")}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serverVariable+"="+kind+" "+s.caFile)
	cmd.Stderr = os.Stderr
	s.stdin, _ = cmd.StdinPipe()
	stdout, _ := cmd.StdoutPipe()
	s.stdout = bufio.NewReader(stdout)
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	s.process = cmd.Process
	s.stop = sync.OnceFunc(func() {
		s.stdin.Close()
		cmd.Wait()
	})
	b.Cleanup(s.stop)
	s.address = s.line(b)
	s.memory = resident(b, s.process)
	return s
}

// ask sends a line and returns the line that the server answers.
func (s *server) ask(b *testing.B, format string, args ...any) string {
	b.Helper()
	fmt.Fprintf(s.stdin, format+"\n", args...)
	return s.line(b)
}

func (s *server) line(b *testing.B) string {
	b.Helper()
	line, err := s.stdout.ReadString('\n')
	if err != nil {
		b.Fatal("the server is gone: ", err)
	}
	return strings.TrimSuffix(line, "\n")
}

// roots returns the pool of certificates that clients of s have to trust.
func (s *server) roots(b *testing.B) *x509.CertPool {
	b.Helper()
	text, err := os.ReadFile(s.caFile)
	if err != nil {
		b.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return roots
}

// serve runs the server. It ends when its standard input does, so that it
// cannot outlive the benchmark.
func serve(kindAndFile string) error {
	kind, caFile, _ := strings.Cut(kindAndFile, " ")
	switch kind {
	case "hub":
		return serveHub(caFile)
	case "echo":
		return serveEcho(caFile)
	}
	return fmt.Errorf("there is no server %q", kind)
}

// serveHub answers "policy" with the connection string of a policy that may do
// everything, "module d m" with that of a module, "portal" with the address of
// the portal's page, and "patch" with "done" when it has changed the twins of
// all modules.
func serveHub(caFile string) error {
	hub, err := localhub.Start(nil)
	if err != nil {
		return err
	}
	defer hub.Close()
	if err := os.WriteFile(caFile, hub.CertificatePEM(), 0o600); err != nil {
		return err
	}
	fmt.Println(hub.HostName())
	var modules []iothub.ConnectionString
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch words := strings.Fields(in.Text()); words[0] {
		case "policy":
			fmt.Println(hub.ConnectionString(localhub.PolicyIoTHubOwner).Reveal())
		case "module":
			modules = append(modules, hub.AddModule(words[1], words[2]))
			fmt.Println(modules[len(modules)-1].Reveal())
		case "portal":
			view := portal.New(hub, nil)
			defer view.Close()
			page := httptest.NewServer(view)
			defer page.CloseClientConnections()
			fmt.Println(view.URL(page.Listener.Addr().String()))
		case "patch":
			for _, m := range modules {
				if _, err := hub.PatchDesired(m.DeviceID, m.ModuleID, map[string]any{"telemetryInterval": 122}); err != nil {
					return err
				}
			}
			fmt.Println("done")
		}
	}
	return nil
}

// serveEcho sends back what it receives, over TLS.
func serveEcho(caFile string) error {
	certificate, err := selfSigned()
	if err != nil {
		return err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	if err := os.WriteFile(caFile, text, 0o600); err != nil {
		return err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		return err
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go echo(conn)
		}
	}()
	fmt.Println("localhost:" + strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func echo(conn net.Conn) {
	defer conn.Close()
	buf := make([]byte, 1024)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		if _, err := conn.Write(buf[:n]); err != nil {
			return
		}
	}
}

// selfSigned returns a certificate with the kind of key that the hub uses.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		DNSNames:     []string{"localhost"},
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, err
}
