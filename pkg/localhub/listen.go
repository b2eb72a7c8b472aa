package localhub

import (
	"errors"
	"net"
	"os"
	"slices"
	"strings"

	"moduletwin/pkg/internal/listen"
)

// loopback holds the names for which every certificate is valid.
var loopback = []string{"localhost", "127.0.0.1", "::1"}

// hostNames returns the name for connection strings, and all names of a hub
// that listens at addresses.
func hostNames(addresses []string) (host string, names []string) {
	host, names = "localhost", slices.Clone(loopback)
	for i, address := range addresses {
		name, _, err := net.SplitHostPort(address)
		if err != nil || slices.Contains(loopback, strings.ToLower(name)) {
			continue
		}
		if ip := net.ParseIP(name); name == "" || ip != nil && ip.IsUnspecified() {
			name, _ = os.Hostname()
		} else if i == 0 {
			host = name
		}
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return host, names
}

// ErrPortTaken says that another program is listening at the hub's address.
var ErrPortTaken = errors.New("another program is listening there")

// ListenError says at which address the hub could not listen. Its cause may
// match [ErrPortTaken] or [io/fs.ErrPermission].
type ListenError struct {
	Address string // as in [Options.Listen]
	Err     error
}

// Error names the address and the cause.
func (e *ListenError) Error() string { return "listen on " + e.Address + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *ListenError) Unwrap() error { return e.Err }

// listen opens addresses: either all of them or none.
func (h *Hub) listen(addresses []string) error {
	var opened []net.Listener
	for _, address := range addresses {
		more, err := listen.Open(address)
		opened = append(opened, more...)
		if err != nil {
			for _, l := range opened {
				l.Close()
			}
			if listen.IsTaken(err) {
				err = ErrPortTaken
			}
			return &ListenError{address, err}
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listeners = opened
	if h.closed {
		h.closeListeners()
		return ErrClosed
	}
	if h.addresses == nil {
		for _, l := range opened {
			h.addresses = append(h.addresses, l.Addr().String())
		}
	}
	return nil
}

// Addresses returns the addresses at which the hub listens, such as
// "127.0.0.1:8883".
func (h *Hub) Addresses() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.addresses)
}
