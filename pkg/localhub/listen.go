package localhub

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

// loopback holds what a certificate is always good for.
var loopback = []string{"localhost", "127.0.0.1", "::1"}

// hostNames returns the name for connection strings and all the names that
// the hub goes by when it listens at addresses.
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

// ErrPortTaken says that another program listens where the hub was to.
var ErrPortTaken = errors.New("another program is listening there")

// isTaken knows the error of Windows, too, for which package syscall has no
// name: WSAEADDRINUSE.
func isTaken(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || runtime.GOOS == "windows" && errors.Is(err, syscall.Errno(10048))
}

// listen opens addresses. Either all of them are opened or none.
func (h *Hub) listen(addresses []string) error {
	var opened []net.Listener
	for _, address := range addresses {
		more, err := open(address)
		opened = append(opened, more...)
		if err != nil {
			for _, l := range opened {
				l.Close()
			}
			if isTaken(err) {
				err = ErrPortTaken
			}
			return fmt.Errorf("listen on %s: %w", address, err)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listeners = opened
	if h.closed {
		h.closeListeners()
		return errClosed
	}
	if h.addresses == nil {
		for _, l := range opened {
			h.addresses = append(h.addresses, l.Addr().String())
		}
	}
	return nil
}

// open listens at one address; "localhost" is two, one per family, with one
// port for both.
func open(address string) ([]net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if host != "localhost" {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, err
		}
		return []net.Listener{l}, nil
	}
	for attempt := 0; ; attempt++ {
		opened, err := openLoopback(port)
		if err == nil || port != "0" || attempt == 10 || !isTaken(err) {
			return opened, err
		}
	}
}

// openLoopback leaves out a family that this machine does not have.
func openLoopback(port string) ([]net.Listener, error) {
	v4, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", port))
	if isTaken(err) || errors.Is(err, fs.ErrPermission) {
		return nil, err
	}
	var opened []net.Listener
	if err == nil {
		opened = append(opened, v4)
		_, port, _ = net.SplitHostPort(v4.Addr().String())
	}
	v6, err6 := net.Listen("tcp6", net.JoinHostPort("::1", port))
	switch {
	case err6 == nil:
		return append(opened, v6), nil
	case err == nil && !isTaken(err6):
		return opened, nil
	case err == nil:
		v4.Close()
	}
	return nil, err6
}

// Addresses returns where the hub listens, "127.0.0.1:8883" and so on.
func (h *Hub) Addresses() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.addresses)
}
