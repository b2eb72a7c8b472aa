package main

import (
	"net"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"testing"
)

var portalLine = regexp.MustCompile(`(?m)^  Portal               (http://localhost:(\d+)/\?token=([\w-]{24}))$`)

// TestPortal opens the page at the address in the banner. The token stays the
// same after a restart, whatever the port.
func TestPortal(t *testing.T) {
	config := t.TempDir()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	tokens := make(map[string]bool)
	for _, address := range []string{"localhost:0", "localhost:" + port} {
		hub := start(t, config, "-listen", "localhost:0", "-portal", address)
		found := portalLine.FindStringSubmatch(hub.banner)
		if found == nil {
			t.Fatalf("the banner is\n%s", hub.banner)
		}
		if found[2] == port {
			t.Error("the portal uses the port of another program")
		}
		warned := strings.Contains(hub.banner, "\nWarning: another program is listening on localhost:"+port+", so the address of the portal changes with every start; to keep it, name another port: -portal localhost:")
		if warned != strings.HasSuffix(address, port) {
			t.Errorf("with -portal %s, the banner is\n%s", address, hub.banner)
		}
		tokens[found[3]] = true
		jar, _ := cookiejar.New(nil) // without options, it cannot fail
		response, err := (&http.Client{Jar: jar}).Get(found[1])
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("the page is %s", response.Status)
		}
		hub.cmd.Process.Kill() // frees the folder
		hub.cmd.Wait()
	}
	if len(tokens) != 1 {
		t.Error("the token changed with a restart")
	}
}

func TestPortalOff(t *testing.T) {
	hub := start(t, t.TempDir(), "-memory", "-listen", "localhost:0", "-portal", "off")
	if strings.Contains(hub.banner, "token=") {
		t.Errorf("the banner is\n%s", hub.banner)
	}
}
