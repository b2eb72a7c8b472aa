package hint

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"

	"moduletwin/pkg/internal/trust"
)

// Network adds a hint to an error that occurred between this machine and
// address, a host with or without a port. It returns errors that it does not
// know unchanged.
func Network(err error, address string) error {
	if sentences := network(err, isLoopback(address)); sentences != "" {
		return &Error{err, sentences}
	}
	return err
}

// NoAnswer returns the hint to show while an answer from address is taking
// longer than usual, or "" if there is none.
func NoAnswer(address string) string {
	if isLoopback(address) {
		return stopped
	}
	return ""
}

const stopped = "Something is listening there, but does not answer. If it is the local hub: was it stopped with Ctrl+Z? Type fg in its window."

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	return trust.IsLoopback(host)
}

// network returns the hint for a connection error, or "". Package sample adds
// what only the tutorial's programs know, such as how to start the local hub.
func network(err error, loopback bool) string {
	var (
		dns     *net.DNSError
		noTLS   tls.RecordHeaderError
		timeout net.Error
		proxied *proxyError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return ""
	case errors.As(err, &proxied) && (IsRefused(err) || errors.As(err, &dns)):
		return "The proxy cannot be reached. Check its address in HTTPS_PROXY."
	case IsRefused(err) && loopback:
		return "Nothing is listening there. Is the local hub running, at the port of the connection string?"
	case IsRefused(err):
		return "Nothing is listening there. Check HostName, and whether a firewall closes the port."
	case errors.As(err, &dns):
		return "The host name was not found. Check HostName in the connection string, and the network."
	case DemandsCertificate(err):
		return "The server demands a client certificate, which an IoT hub never does of clients with a key. Check HostName in the connection string; a proxy may be answering in its place."
	case errors.As(err, &noTLS), errors.Is(err, http.ErrSchemeMismatch):
		return "The server there does not speak TLS. Check the host and port in the connection string."
	case IsMalformedHTTP(err):
		return "The server there does not speak HTTP like an IoT hub. Check the host and port in the connection string."
	}
	if sentences := certificate(err, loopback); sentences != "" {
		return sentences
	}
	late := errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
	switch {
	case late && loopback:
		return stopped
	case late:
		return "No answer in time. Check the network; a firewall may be dropping the packets."
	case IsClosed(err) && loopback:
		return "The connection was closed. If that is the local hub, its window says why."
	}
	return ""
}

// certificate returns the hint for an error about the server's certificate, or
// "".
func certificate(err error, loopback bool) string {
	var (
		unknown   x509.UnknownAuthorityError
		wrongName x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &unknown) && loopback:
		return "A hub of another user, or another program, is listening on this port. End it, or set " + trust.Variable + " to the file that the window of that hub shows after Certificate."
	case errors.As(err, &unknown):
		return "Does a proxy decrypt the connection? Then set " + trust.Variable + " to the file with its certificate."
	case errors.As(err, &wrongName):
		return "The certificate is for another host. Check HostName in the connection string."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "Check the clock of this machine; if it is right, the certificate has expired."
	}
	return ""
}

// IsRefused reports whether a connection failed because nothing listens there.
func IsRefused(err error) bool { return isAny(err, refused) }

// IsClosed reports whether the other side has closed or reset a connection.
func IsClosed(err error) bool { return isAny(err, closed) }

// DemandsCertificate reports whether the server ended the connection because
// this side has not presented a certificate. In TLS 1.3, the error may not
// occur until the first response is read.
func DemandsCertificate(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error" && // a TLS alert; package tls has no type for it
		(strings.Contains(op.Err.Error(), "certificate") || strings.Contains(op.Err.Error(), "access denied"))
}

// IsMalformedHTTP reports whether a response was not HTTP, or had far too large
// a header.
func IsMalformedHTTP(err error) bool {
	text := err.Error() // package http has no types for them
	return strings.Contains(text, "malformed HTTP") || strings.Contains(text, "response headers exceeded")
}

// Windows has its own numbers for these errors; those that package syscall
// defines do not occur there.
var (
	refused = []error{syscall.ECONNREFUSED, syscall.Errno(10061)}
	closed  = []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, syscall.Errno(10053), syscall.Errno(10054)}
)

func isAny(err error, targets []error) bool {
	return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
}
