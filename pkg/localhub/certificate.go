package localhub

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

const (
	certificateLife = 365 * 24 * time.Hour // some systems reject certificates that are valid for more than 825 days
	renewBefore     = 30 * 24 * time.Hour
)

// certificate is the certificate that the hub presents to clients, and the
// authority that they have to trust to accept it.
type certificate struct {
	authority *x509.Certificate
	server    tls.Certificate
}

// newCertificate creates the authority and the server certificate, which is for
// the given names and addresses. The key of the authority is thrown away, so
// that trusting the authority never means trusting anything but this hub.
func newCertificate(names []string, now time.Time) (*certificate, error) {
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	authority, err := sign(&x509.Certificate{
		Subject:               pkix.Name{CommonName: "local IoT hub authority"},
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign,
	}, now, nil, &authorityKey.PublicKey, authorityKey)
	if err != nil {
		return nil, err
	}
	serverKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	server, err := sign(forNames(names), now, authority, &serverKey.PublicKey, authorityKey)
	if err != nil {
		return nil, err
	}
	return &certificate{
		authority: authority,
		server: tls.Certificate{
			Certificate: [][]byte{server.Raw, authority.Raw},
			PrivateKey:  serverKey,
			Leaf:        server,
		},
	}, nil
}

func forNames(names []string) *x509.Certificate {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: names[0]},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	return template
}

// sign completes template and signs it with key, which belongs to parent. If
// parent is nil, the certificate is self-signed.
func sign(template *x509.Certificate, now time.Time, parent *x509.Certificate, public *ecdsa.PublicKey, key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	template.NotBefore = now.Add(-time.Hour)
	template.NotAfter = now.Add(certificateLife)
	if parent == nil {
		parent = template
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(raw)
}

// serves reports whether c is valid for all names, both now and renewBefore
// from now.
func (c *certificate) serves(names []string, now time.Time) bool {
	for _, name := range names {
		if c.server.Leaf.VerifyHostname(name) != nil {
			return false
		}
	}
	return c.isValid(now) && c.isValid(now.Add(renewBefore))
}

// isValid reports whether c is valid at the time now. It checks the beginning
// of the validity period as well: c may have been created while the clock was
// ahead.
func (c *certificate) isValid(now time.Time) bool {
	return !now.Before(c.server.Leaf.NotBefore) && now.Before(c.server.Leaf.NotAfter)
}

// pem returns the authority in PEM format, which is all that clients need.
func (c *certificate) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.authority.Raw})
}
