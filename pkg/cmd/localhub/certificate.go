package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"moduletwin/pkg/internal/trust"
)

// certificateFile is the file that makes clients on this machine trust the hub.
// Each hub has its own, so that hubs that start or end at the same time need no
// coordination.
type certificateFile struct {
	path    string
	found   bool // clients find it without being told where it is
	forgets bool // the hub keeps no data, so no hub will use this certificate again
	content func() []byte
}

var errCertificate = errors.New("write the certificate")

// publishCertificate writes the certificate file of a hub whose data is in the
// folder data, or "" if it keeps none. The file goes into the folder where
// clients look for it. If there is no such folder, or it is not writable, the
// file goes into the data folder.
func publishCertificate(content func() []byte, data string) (*certificateFile, error) {
	folder, err := trust.LocalFolder()
	if err == nil {
		f := &certificateFile{filepath.Join(folder, certificateName(folder, data, content())), true, data == "", content}
		err = f.write()
		if err == nil {
			removeLeftovers(folder, time.Now())
			return f, nil
		}
	}
	if data == "" || data == folder {
		return nil, err
	}
	f := &certificateFile{filepath.Join(data, trust.LocalCAFile), false, false, content}
	return f, f.write()
}

// certificateName returns the name of the certificate file. If the hub keeps
// its data, it is the same at every start, as other programs may have been
// configured with it. ca.pem is the name for the hub whose data is in the same
// folder; there can only be one.
func certificateName(folder, data string, content []byte) string {
	switch data {
	case "":
		return "ca-memory-" + digest(content) + ".pem"
	case folder:
		return trust.LocalCAFile
	default:
		return "ca-" + digest([]byte(data)) + ".pem"
	}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return fmt.Sprintf("%x", sum[:4])
}

// write brings the file up to date, atomically.
func (f *certificateFile) write() error {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return err
	}
	content := f.content()
	switch info, err := os.Stat(f.path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file; remove it", f.path)
	default:
		if before, err := os.ReadFile(f.path); err == nil && bytes.Equal(before, content) {
			return f.touch(info.ModTime())
		}
	}
	return replaceFile(f.path, content)
}

// A running hub touches its file when it was last touched more than touchAfter
// ago. A file that has not been touched for leftoverAfter was left behind by a
// hub in memory that was killed, and is removed.
const (
	touchAfter    = time.Hour
	leftoverAfter = 7 * 24 * time.Hour
)

// touch updates the modification time, which shows that the hub is still
// running.
func (f *certificateFile) touch(before time.Time) error {
	now := time.Now()
	if now.Sub(before) < touchAfter {
		return nil
	}
	return os.Chtimes(f.path, now, now)
}

// remove removes the file if no hub will use its certificate again.
func (f *certificateFile) remove() {
	if !f.forgets {
		return
	}
	if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Printf("localhub: could not remove the certificate: %v", err)
	}
}

// removeLeftovers removes the files of hubs that were killed.
func removeLeftovers(folder string, now time.Time) {
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, "ca-memory-") && !strings.HasSuffix(name, draftSuffix) {
			continue
		}
		if info, err := entry.Info(); err == nil && now.Sub(info.ModTime()) > leftoverAfter {
			os.Remove(filepath.Join(folder, name)) // fails if another hub was faster
		}
	}
}

const draftSuffix = ".draft"

// replaceFile atomically writes a file that everybody may read.
func replaceFile(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+draftSuffix)
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // fails, as it should, once the file is renamed
	_, err = file.Write(content)
	if runtime.GOOS != "windows" {
		err = errors.Join(err, file.Chmod(0o644))
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
