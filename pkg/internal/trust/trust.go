// Package trust decides which certificates a hub may show.
package trust

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// Variable names the environment variable with the path of a PEM file whose
// certificates are trusted beside those of the system.
const Variable = "IOTHUB_CA_FILE"

// LocalFolder returns the folder in which the local hub keeps what outlives
// it: its certificate for clients to trust and, for itself, its data.
func LocalFolder() (string, error) {
	folder, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(folder, "iothub-localhub"), nil
}

// LocalCAFile is the name, in [LocalFolder], of the certificate that clients
// on the same machine trust for loopback addresses.
const LocalCAFile = "ca.pem"

// Config returns the TLS settings for connecting to host, which has no port.
// With roots, those alone are trusted. Without, it is the system's roots, the
// file that [Variable] names and, for loopback hosts only, the certificate of
// the local hub; a loopback host with one of the two does without the
// system's. A named file that cannot be used is an error: the
// alternative is a puzzling "unknown authority" later.
func Config(host string, roots *x509.CertPool) (*tls.Config, error) {
	if roots == nil {
		var err error
		if roots, err = defaultRoots(host); err != nil {
			return nil, err
		}
	}
	return &tls.Config{ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}

// defaultRoots returns nil where the system's roots are all there is: they
// are loaded when they are needed, which takes longer than all else that a
// small program does. For the same reason they are left out for a loopback
// host with a certificate of its own: no public authority vouches for those
// names.
func defaultRoots(host string) (*x509.CertPool, error) {
	files, err := ownFiles(host)
	if err != nil || len(files) == 0 {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !IsLoopback(host) {
		if system, err := x509.SystemCertPool(); err == nil { // else the files have to do
			roots = system
		}
	}
	for _, pem := range files {
		roots.AppendCertsFromPEM(pem)
	}
	return roots, nil
}

// ownFiles reads the files that are to be trusted for host.
func ownFiles(host string) (files [][]byte, err error) {
	if name := os.Getenv(Variable); name != "" {
		pem, err := readCertificates(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", Variable, err)
		}
		files = append(files, pem)
	}
	folder, err := LocalFolder()
	if err != nil || !IsLoopback(host) {
		return files, nil // without such a folder, no local hub has written to it
	}
	pem, err := readCertificates(filepath.Join(folder, LocalCAFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return files, nil
	case err != nil:
		return nil, fmt.Errorf("certificate of the local hub: %w", err)
	}
	return append(files, pem), nil
}

func readCertificates(name string) ([]byte, error) {
	pem, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", name)
	}
	return pem, nil
}

// IsLoopback reports whether host can only be this machine.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
