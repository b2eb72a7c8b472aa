package localhub

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"

	"moduletwin/pkg/localhub/internal/registry"
)

// The names under which the parts of a certificate are stored.
const (
	keptAuthority = "authority"
	keptServer    = "certificate"
	keptServerKey = "server key"
)

// keptCertificate returns the stored certificate if it is still good. Otherwise
// it creates a new one and stores it.
func keptCertificate(r *registry.Registry, names []string, now time.Time) (*certificate, error) {
	kept, err := r.Kept(keptAuthority, keptServer, keptServerKey)
	if err != nil {
		return nil, err
	}
	if kept[keptAuthority] != nil {
		c, err := parseCertificate(kept[keptAuthority], kept[keptServer], kept[keptServerKey])
		if err != nil || c.serves(names, now) {
			return c, err
		}
	}
	fresh, err := newCertificate(names, now)
	if err != nil {
		return nil, err
	}
	return fresh, fresh.keep(r)
}

// keep stores c in r, in place of any other certificate.
func (c *certificate) keep(r *registry.Registry) error {
	serverKey, err := x509.MarshalPKCS8PrivateKey(c.server.PrivateKey)
	if err != nil {
		return err
	}
	return r.Keep(map[string][]byte{
		keptAuthority: c.authority.Raw,
		keptServer:    c.server.Leaf.Raw,
		keptServerKey: serverKey,
	})
}

// parseCertificate parses what keep has stored.
func parseCertificate(authority, server, serverKey []byte) (*certificate, error) {
	ca, err := x509.ParseCertificate(authority)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(server)
	if err != nil {
		return nil, err
	}
	private, err := x509.ParsePKCS8PrivateKey(serverKey)
	if err != nil {
		return nil, err
	}
	if _, ok := private.(*ecdsa.PrivateKey); !ok {
		return nil, errors.New("the server's key is not an ECDSA key")
	}
	return &certificate{
		authority: ca,
		server:    tls.Certificate{Certificate: [][]byte{leaf.Raw, ca.Raw}, PrivateKey: private, Leaf: leaf},
	}, nil
}
