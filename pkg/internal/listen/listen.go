// Package listen opens listeners on addresses as users write them.
package listen

import (
	"errors"
	"io/fs"
	"net"
	"runtime"
	"syscall"
)

// Open listens on an address. For the host "localhost", it opens two listeners
// with the same port: one for IPv4 and one for IPv6.
func Open(address string) ([]net.Listener, error) {
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
		if err == nil || port != "0" || attempt == 10 || !IsTaken(err) {
			return opened, err
		}
	}
}

// openLoopback listens on the loopback addresses of IPv4 and IPv6, except for a
// family that this machine does not have.
func openLoopback(port string) ([]net.Listener, error) {
	v4, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", port))
	if IsTaken(err) || errors.Is(err, fs.ErrPermission) {
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
	case err == nil && !IsTaken(err6):
		return opened, nil
	case err == nil:
		v4.Close()
	}
	return nil, err6
}

// IsTaken reports whether err says that another program is already listening
// there. It also knows WSAEADDRINUSE of Windows, for which package syscall has
// no name.
func IsTaken(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || runtime.GOOS == "windows" && errors.Is(err, syscall.Errno(10048))
}
