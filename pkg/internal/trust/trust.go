// Package trust decides which certificates of a hub are trusted.
package trust

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Variable is the environment variable with the path of a PEM file whose
// certificates are trusted in addition to the system's; see [Config].
const Variable = "IOTHUB_CA_FILE"

// LocalFolder returns the folder in which the local hub keeps its files: its
// certificate, for clients to trust, and its own data.
func LocalFolder() (string, error) {
	folder, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(folder, "iothub-localhub"), nil
}

// Clients trust the certificates in [LocalFolder] for loopback addresses. Each
// local hub has its own file, so that hubs that start or end at the same time
// never lose each other's certificates.
const (
	LocalCAFile  = "ca.pem"  // of the hub that keeps its data in the same folder
	localCAFiles = "ca*.pem" // of all hubs
)

// Config returns the TLS configuration for connecting to host, which has no
// port. If roots are given, only those are trusted. Otherwise, these are
// trusted: the system's roots, the file that [Variable] names and, for loopback
// hosts only, the certificates of local hubs. The system's roots are left out
// for a loopback host if there is one of the other two. A named file that
// cannot be used is an error: otherwise, a puzzling "unknown authority" would
// follow later.
func Config(host string, roots *x509.CertPool) (*tls.Config, error) {
	if roots == nil {
		var err error
		if roots, err = defaultRoots(host); err != nil {
			return nil, err
		}
	}
	return &tls.Config{ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}

// defaultRoots returns nil if only the system's roots are trusted: package tls
// then loads them when they are needed. That takes longer than everything else
// that a small program does. For the same reason, they are left out for a
// loopback host that has certificates of its own; no public authority issues
// any for such names.
func defaultRoots(host string) (*x509.CertPool, error) {
	files, err := ownFiles(host)
	if err != nil || len(files) == 0 {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !IsLoopback(host) {
		if system, err := x509.SystemCertPool(); err == nil { // otherwise, only the files are trusted
			roots = system
		}
	}
	for _, pem := range files {
		roots.AppendCertsFromPEM(pem)
	}
	return roots, nil
}

// ownFiles reads the certificate files that are to be trusted for host.
func ownFiles(host string) (files [][]byte, err error) {
	if name := os.Getenv(Variable); name != "" {
		pem, err := readCertificates(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", Variable, err)
		}
		files = append(files, pem)
	}
	if !IsLoopback(host) {
		return files, nil
	}
	local, err := localFiles()
	return append(files, local...), err
}

// localFiles reads the certificates of the local hubs. There may be none.
func localFiles() (files [][]byte, err error) {
	folder, err := LocalFolder()
	if err != nil {
		return nil, nil // without such a folder, no local hub has written to it
	}
	entries, _ := os.ReadDir(folder) // if the folder cannot be read, no local hub has written to it, either
	for _, entry := range entries {
		if match, _ := path.Match(localCAFiles, entry.Name()); !match {
			continue
		}
		pem, err := readLocal(filepath.Join(folder, entry.Name()))
		switch {
		case errors.Is(err, fs.ErrNotExist): // its hub has just ended
		case err != nil:
			return nil, fmt.Errorf("certificate of the local hub: %w", err)
		default:
			files = append(files, pem)
		}
	}
	return files, nil
}

// readLocal reads only regular files, because reading a FIFO could block. A
// file that [Variable] names may be one.
func readLocal(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", name)
	}
	return readCertificates(name)
}

func readCertificates(name string) ([]byte, error) {
	pem, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s contains no PEM certificate", name)
	}
	return pem, nil
}

// IsLoopback reports whether host can only mean this machine.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
