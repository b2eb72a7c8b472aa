package portal

import (
	"bytes"
	"context"
	"crypto/x509"
	"net"
	"sync"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// owner is the policy with which the portal signs in to the hub.
const owner = localhub.PolicyIoTHubOwner

// hubClient is a client of a running hub. It connects anew when the hub gets a
// new certificate.
type hubClient struct {
	hub  *localhub.Hub
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	mu          sync.Mutex       // guards the rest
	registry    *iothub.Registry // nil before the first use
	certificate []byte           // the one that registry trusts
}

func newHubClient(hub *localhub.Hub) *hubClient {
	return &hubClient{hub: hub, dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if bound := hub.Addresses(); len(bound) > 0 { // whatever the host name of the hub is
			address = bound[0]
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
}

// get returns a registry that trusts the hub's current certificate.
func (c *hubClient) get() *iothub.Registry {
	c.mu.Lock()
	defer c.mu.Unlock()
	if certificate := c.hub.CertificatePEM(); !bytes.Equal(certificate, c.certificate) {
		c.closeIdleConnections()
		c.registry, c.certificate = c.connect(certificate), certificate
	}
	return c.registry
}

func (c *hubClient) connect(certificate []byte) *iothub.Registry {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certificate)
	registry, err := iothub.NewRegistry(c.hub.ConnectionString(owner), &iothub.Options{RootCAs: roots, DialContext: c.dial})
	if err != nil {
		panic("portal: " + err.Error()) // impossible: it is the hub's own connection string
	}
	return registry
}

// close ends the connections that are not in use.
func (c *hubClient) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closeIdleConnections()
}

func (c *hubClient) closeIdleConnections() {
	if c.registry != nil {
		c.registry.CloseIdleConnections()
	}
}
