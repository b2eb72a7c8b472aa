// Package hint turns the errors of a network into a sentence that says
// what to do next.
package hint

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"

	"moduletwin/pkg/internal/trust"
)

// Error is an error that carries advice, as a second line of its text.
type Error struct {
	Err  error
	Hint string
}

// Error returns two lines: the error and what to do about it.
func (e *Error) Error() string {
	text := e.Err.Error()
	if strings.Contains(text, "\n") { // there is advice already
		return text + " " + e.Hint
	}
	return text + "\n" + e.Hint
}

// Unwrap returns what went wrong.
func (e *Error) Unwrap() error { return e.Err }

// Network adds advice to what went wrong between this machine and host, an
// address with or without port. Errors it knows nothing of, it returns as
// they are.
func Network(err error, host string) error {
	if advice := network(err, host); advice != "" {
		return &Error{err, advice}
	}
	return err
}

// ThroughProxy says of an error that it happened on the way through a proxy,
// if the environment names one for address.
func ThroughProxy(err error, address string) error {
	proxy, _ := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: address}})
	if proxy == nil {
		return err
	}
	return fmt.Errorf("through the proxy %s: %w", proxy.Host, err)
}

func network(err error, address string) string {
	host, _, splitErr := net.SplitHostPort(address)
	if splitErr != nil {
		host = address
	}
	loopback := trust.IsLoopback(host)
	var (
		dns       *net.DNSError
		unknown   x509.UnknownAuthorityError
		wrongName x509.HostnameError
		invalid   x509.CertificateInvalidError
		noTLS     tls.RecordHeaderError
		timeout   net.Error
	)
	switch {
	case errors.Is(err, context.Canceled):
		return ""
	case isAny(err, refused) && loopback:
		return "Nothing is listening there. Is the local hub running, at the port of the connection string? Start it in another prompt: bin/localhub"
	case isAny(err, refused):
		return "Nothing is listening there. Check HostName, and whether a firewall closes the port."
	case errors.As(err, &dns):
		return "The host name was not found. Check HostName in the connection string, and the network."
	case errors.As(err, &unknown) && loopback:
		return "It is not the certificate of the local hub on this machine. Start the hub again, or name its certificate in " + trust.Variable + "."
	case errors.As(err, &unknown):
		return "Does a proxy open up the connection? Name the file with its certificate in " + trust.Variable + "."
	case errors.As(err, &wrongName):
		return "The certificate is for another host. Check HostName in the connection string."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "Check the clock of this machine; if it is right, the certificate has run out."
	case errors.As(err, &noTLS), errors.Is(err, http.ErrSchemeMismatch):
		return "What answers there does not speak TLS. Check the host and port in the connection string."
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "No answer in time. Check the network; a firewall may be dropping the packets."
	case isAny(err, closed) && loopback:
		return "The connection was closed. If that is the local hub, its window says why."
	}
	return ""
}

// Windows has numbers of its own for these; those of package syscall do not
// occur there.
var (
	refused = []error{syscall.ECONNREFUSED, syscall.Errno(10061)}
	closed  = []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, syscall.Errno(10053), syscall.Errno(10054)}
)

func isAny(err error, targets []error) bool {
	return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
}
