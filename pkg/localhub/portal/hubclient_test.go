package portal

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/internal/memnet"
	"moduletwin/pkg/localhub"
)

// TestNewCertificate lets a hub run until it has a new certificate, which the
// portal has to trust as well.
func TestNewCertificate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.Listen()
		hub, err := localhub.Start(&localhub.Options{Listeners: []net.Listener{network}})
		if err != nil {
			t.Fatal(err)
		}
		defer hub.Close()
		hub.AddDevice("d")
		p := New(hub, nil)
		defer p.Close()
		p.client.dial = network.DialContext
		first := hub.CertificatePEM()
		for range 2 {
			if _, err := p.registry().GetDevice(t.Context(), "d"); err != nil {
				t.Error(err)
			}
			time.Sleep(365 * 24 * time.Hour)
		}
		if string(first) == string(hub.CertificatePEM()) {
			t.Error("the hub still has its first certificate")
		}
	})
}
