package sample_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"moduletwin/pkg/internal/programs"
	"moduletwin/pkg/localhub"
)

// bin holds the three programs, built once.
var bin string

func TestMain(m *testing.M) {
	var err error
	if bin, err = os.MkdirTemp("", "sample-"); err != nil {
		log.Fatal(err)
	}
	err = programs.Build(bin, "createmodule", "updatemoduletwin", "receivemoduletwinpatch")
	code := 1
	if err != nil {
		log.Print(err)
	} else {
		code = m.Run()
	}
	os.RemoveAll(bin)
	os.Exit(code)
}

// result is how a program ended.
type result struct {
	code           int
	stdout, stderr string
}

// limit is far more than any program takes.
const limit = 30 * time.Second

// command returns a command in an environment of its own.
func command(t *testing.T, settings map[string]string, program string, args ...string) *exec.Cmd {
	t.Helper()
	home := t.TempDir()
	environment := map[string]string{"HOME": home, "USERPROFILE": home, "XDG_CONFIG_HOME": home, "AppData": home}
	for _, name := range []string{"PATH", "SystemRoot", "TMPDIR", "TEMP", "TMP"} {
		environment[name] = os.Getenv(name)
	}
	maps.Copy(environment, settings)
	cmd := exec.Command(filepath.Join(bin, program), args...)
	for name, value := range environment {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// run runs a program to its end.
func run(t *testing.T, settings map[string]string, program string, args ...string) result {
	t.Helper()
	cmd := command(t, settings, program, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { cmd.Process.Kill() })
	defer stop()
	err := cmd.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// world is a hub, and the settings with which programs use it.
type world struct {
	hub    *localhub.Hub
	caFile string
}

func newWorld(t *testing.T) *world {
	hub := localhub.New(t)
	return &world{hub: hub, caFile: file(t, hub.CertificatePEM())}
}

func file(t *testing.T, content []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func (w *world) service(policy string) map[string]string {
	return service(w.hub.ConnectionString(policy).String(), w.caFile)
}

func service(connectionString, caFile string) map[string]string {
	return map[string]string{"IOTHUB_CONNECTION_STRING": connectionString, "IOTHUB_CA_FILE": caFile}
}

func module(connectionString, caFile string) map[string]string {
	return map[string]string{"IOTHUB_MODULE_CONNECTION_STRING": connectionString, "IOTHUB_CA_FILE": caFile}
}

// impostorTLS says the same to everybody, over TLS.
func impostorTLS(t *testing.T, words string) (host, caFile string) {
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS() // for its certificate
	defer server.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", server.TLS)
	if err != nil {
		t.Fatal(err)
	}
	answerAll(t, l, words)
	return l.Addr().String(), file(t, certificateOf(server))
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

// impostor serves HTTPS but is no hub. It returns its host:port and a file
// with its certificate.
func impostor(t *testing.T, handler http.HandlerFunc) (host, caFile string) {
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(&bytes.Buffer{}, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "https://"), file(t, certificateOf(server))
}

var (
	someKey  = strings.Repeat("c29tZSBr", 5) + "ZXk=" // 32 bytes and a bit: it has to look like a key
	secret   = regexp.MustCompile(`[A-Za-z0-9+/]{40,}={0,2}|sig=|sr=`)
	loopback = regexp.MustCompile(`(127\.0\.0\.1|localhost|\[::1\]):\d+`)
)

// plain returns a message without what differs from run to run.
func plain(message string) string {
	return strings.TrimSpace(loopback.ReplaceAllString(strings.ReplaceAll(message, "\r\n", "\n"), "$1:8883"))
}

// policyString returns the connection string of a policy on some host.
func policyString(host string) string {
	return fmt.Sprintf("HostName=%s;SharedAccessKeyName=service;SharedAccessKey=%s", host, someKey)
}

// moduleString is policyString for a module.
func moduleString(host string) string {
	return fmt.Sprintf("HostName=%s;DeviceId=myFirstDevice;ModuleId=myFirstModule;SharedAccessKey=%s", host, someKey)
}
