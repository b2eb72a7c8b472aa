package localhub

import (
	"crypto/tls"
	"sync/atomic"
	"time"
)

// certificateCheck is how often the hub checks whether it needs a new
// certificate. [Hub.RootCAs] and [Hub.CertificatePEM] include a new one this
// long before the hub presents it.
const certificateCheck = time.Hour

// certificates holds the certificate that the hub presents, and its successor,
// which is nil until one is due.
type certificates struct{ shown, next atomic.Pointer[certificate] }

// trusted returns the certificates that clients have to trust.
func (c *certificates) trusted() []*certificate {
	next := c.next.Load() // loaded first, as it may replace the one shown at any time
	all := []*certificate{c.shown.Load()}
	if next != nil {
		all = append(all, next)
	}
	return all
}

// config returns the TLS settings of the hub. There is no ALPN, as the hub
// recognizes the protocol of a connection by its first byte.
func (c *certificates) config() *tls.Config {
	return &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &c.shown.Load().server, nil },
		MinVersion:     tls.VersionTLS12,
	}
}

// renewCertificate replaces the certificate of a long-running hub before it
// expires. It returns when the hub is closed.
func (h *Hub) renewCertificate() {
	ticker := time.NewTicker(certificateCheck)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if err := h.checkCertificate(time.Now()); err != nil {
				h.log.Error("the certificate cannot be replaced", "error", err)
			}
		case <-h.ctx.Done():
			return
		}
	}
}

// checkCertificate replaces a certificate that is about to expire, in two
// steps: first the next one is added to those that clients have to trust, and
// at the next check the hub begins to present it. A certificate that is no
// longer valid, because the clock was set, is replaced at once.
func (h *Hub) checkCertificate(now time.Time) error {
	shown, next := h.certificates.shown.Load(), h.certificates.next.Load()
	if shown.serves(h.names, now) {
		h.certificates.next.Store(nil)
		return nil
	}
	if next == nil || !next.serves(h.names, now) {
		fresh, err := newCertificate(h.names, now)
		if err != nil {
			return err
		}
		h.certificates.next.Store(fresh)
		if shown.isValid(now) {
			return nil
		}
		next = fresh
	}
	if err := next.keep(h.registry); err != nil {
		return err
	}
	h.certificates.shown.Store(next)
	h.certificates.next.Store(nil)
	h.log.Info("the hub has a new certificate", "until", next.server.Leaf.NotAfter.Format(time.DateOnly))
	return nil
}
