//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"moduletwin/pkg/internal/trust"
)

// TestInTheWay checks that anything other than a file in place of ca.pem is an
// error for the hub and for its clients, and that neither of them waits for it.
func TestInTheWay(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"folder": func(path string) error { return os.Mkdir(path, 0o700) },
		"FIFO":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			folder := localFolder(t)
			if err := os.MkdirAll(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(folder, trust.LocalCAFile)
			if err := make(path); err != nil {
				t.Fatal(err)
			}
			says := path + " is not a regular file"
			if _, err := publishCertificate(func() []byte { return nil }, folder); err == nil || !strings.HasPrefix(err.Error(), says) {
				t.Errorf("the hub says %v", err)
			}
			if _, err := trust.Config("localhost", nil); err == nil || !strings.Contains(err.Error(), path+" is not a file") {
				t.Errorf("a client says %v", err)
			}
		})
	}
}
