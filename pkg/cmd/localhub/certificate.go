package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"moduletwin/pkg/internal/trust"
	"moduletwin/pkg/localhub"
)

// maxCertificates is how many hubs on one machine can be trusted at a time:
// each has a certificate of its own, and the latest come first.
const maxCertificates = 32

// writeCertificate puts the hub's certificate where clients on this machine
// look for it, and returns its path. On a machine without such a folder, it
// goes where the hub keeps its data. Those of other hubs stay: their keys of
// authority are forgotten, so that trusting them does no harm.
func writeCertificate(hub *localhub.Hub, data string) (string, error) {
	folder, err := trust.LocalFolder()
	switch {
	case err == nil:
	case data != "":
		folder = data
	default:
		return "", fmt.Errorf("%w\nSay with -data where the hub may keep it", err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(folder, trust.LocalCAFile)
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	return path, replaceFile(path, withOthers(hub.CertificatePEM(), before, time.Now()))
}

// removeCertificate takes the hub's certificate out of the file at path again.
func removeCertificate(hub *localhub.Hub, path string) {
	all, err := os.ReadFile(path)
	if err != nil {
		return // somebody else has tidied up
	}
	if rest := bytes.Replace(all, hub.CertificatePEM(), nil, 1); len(rest) > 0 {
		err = replaceFile(path, rest)
	} else {
		err = os.Remove(path)
	}
	if err != nil {
		log.Printf("the certificate stays in %s: %v", path, err)
	}
}

// withOthers returns own and, after it, the other certificates of before
// that are still good.
func withOthers(own, before []byte, now time.Time) []byte {
	all := bytes.Clone(own)
	count := 1
	for block, rest := pem.Decode(before); block != nil && count < maxCertificates; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		text := pem.EncodeToMemory(block)
		if err != nil || now.After(certificate.NotAfter) || bytes.Contains(all, text) {
			continue
		}
		all = append(all, text...)
		count++
	}
	return all
}

// replaceFile writes a file that all may read, completely or not at all.
func replaceFile(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // fails once it is renamed
	_, err = file.Write(content)
	if runtime.GOOS != "windows" {
		err = errors.Join(err, file.Chmod(0o644))
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
