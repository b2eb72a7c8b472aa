package localhub

import (
	"crypto/tls"
	"sync/atomic"
	"time"
)

// certificateCheck is how often the hub checks whether it needs a new
// certificate. Clients are told to trust a new one that long before they are
// shown it.
const certificateCheck = time.Hour

// certificates holds the certificate that is shown and its successor, nil until
// one is due.
type certificates struct{ shown, next atomic.Pointer[certificate] }

// trusted returns those that clients have to trust.
func (c *certificates) trusted() []*certificate {
	next := c.next.Load() // first: it may take the place of the other one at any time
	all := []*certificate{c.shown.Load()}
	if next != nil {
		all = append(all, next)
	}
	return all
}

// config returns the TLS settings of the hub. Which protocol a connection
// speaks is told by its first byte, so nothing is negotiated.
func (c *certificates) config() *tls.Config {
	return &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &c.shown.Load().server, nil },
		MinVersion:     tls.VersionTLS12,
	}
}

// renewCertificate sees to it that a hub that runs for long is trusted, until
// the hub is closed.
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

// checkCertificate replaces a certificate that nears its end, in two steps:
// first clients are to trust the next one, too, and by the next check it is
// shown to them. One that does not count any more, as the clock was set, is
// replaced at once.
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
