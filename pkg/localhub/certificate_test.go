package localhub

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/internal/memnet"
	"moduletwin/pkg/localhub/internal/registry"
)

// TestRenewal checks that a certificate is kept until it is about to expire or
// has to cover more names.
func TestRenewal(t *testing.T) {
	folder := t.TempDir()
	r, err := registry.Open(folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	now := time.Now()
	first, err := keptCertificate(r, loopback, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name  string
		names []string
		now   time.Time
		same  bool
	}{
		{"the next day", loopback, now.Add(24 * time.Hour), true},
		{"another name", append([]string{"hub.example"}, loopback...), now, false},
		{"back to fewer names", loopback, now, true},
		{"while the clock was ahead", loopback, now.Add(48 * time.Hour), true},
		{"when it was set back", loopback, now.Add(-48 * time.Hour), false},
		{"a year later", loopback, now.Add(340 * 24 * time.Hour), false},
	} {
		got, err := keptCertificate(r, row.names, row.now)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(got.authority.Raw, first.authority.Raw) != row.same {
			t.Errorf("%s: kept %v, want %v", row.name, !row.same, row.same)
		}
		first = got
	}
}

// TestRenewalWhileRunning lets a hub run for three years. The hub renews its
// certificate in time, and never turns away a client that read the roots up to
// an hour ago.
func TestRenewalWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.Listen()
		hub, err := Start(&Options{Listeners: []net.Listener{network}})
		if err != nil {
			t.Fatal(err)
		}
		defer hub.Close()
		shown := make(map[string]bool)
		left := certificateLife
		for start := time.Now(); time.Since(start) < 3*certificateLife; {
			if left > renewBefore+48*time.Hour { // nothing happens on most days
				time.Sleep(24 * time.Hour)
			}
			time.Sleep(time.Minute)
			roots := hub.RootCAs()
			time.Sleep(certificateCheck - time.Minute)
			leaf := showCertificate(t, network, roots)
			if left = time.Until(leaf.NotAfter); left < renewBefore-2*certificateCheck {
				t.Fatalf("after %v, only %v are left", time.Since(start), left)
			}
			shown[leaf.SerialNumber.String()] = true
		}
		if len(shown) != 4 {
			t.Errorf("the hub had %d certificates", len(shown))
		}
	})
}

// showCertificate connects as a client that trusts roots.
func showCertificate(t *testing.T, network *memnet.Listener, roots *x509.CertPool) *x509.Certificate {
	t.Helper()
	raw, err := network.DialContext(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	conn := tls.Client(raw, &tls.Config{RootCAs: roots, ServerName: "localhost"})
	defer conn.Close()
	if err := conn.Handshake(); err != nil {
		t.Fatal(err)
	}
	return conn.ConnectionState().PeerCertificates[0]
}

// TestClockSet sets the clock of a running hub back by two days: the
// certificate is not valid yet, and is replaced at once, also in the data
// folder.
func TestClockSet(t *testing.T) {
	folder := t.TempDir()
	hub, err := Start(&Options{DataDir: folder})
	if err != nil {
		t.Fatal(err)
	}
	before := hub.CertificatePEM()
	now := time.Now().Add(-48 * time.Hour)
	if err := hub.checkCertificate(now); err != nil {
		t.Fatal(err)
	}
	after := hub.CertificatePEM()
	hub.Close()
	r, err := registry.Open(folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	kept, err := keptCertificate(r, loopback, now)
	if err != nil || bytes.Equal(before, after) || !bytes.Equal(kept.pem(), after) {
		t.Errorf("the hub shows the old certificate, or has saved another one: %v", err)
	}
}

// TestSessionTickets checks that a returning client resumes its TLS session,
// even if the certificate was replaced in the meantime by one that it does not
// trust.
func TestSessionTickets(t *testing.T) {
	hub := New(t)
	config := &tls.Config{RootCAs: hub.RootCAs(), ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	resumes := func() bool {
		conn, err := tls.Dial("tcp", hub.HostName(), config)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, conn) // the ticket arrives after the handshake
		return conn.ConnectionState().DidResume
	}
	if resumes() || !resumes() {
		t.Error("the first connection resumed a session, or the second did not")
	}
	if err := hub.checkCertificate(time.Now().Add(-48 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	if !resumes() {
		t.Error("the new certificate has ended the session")
	}
}
