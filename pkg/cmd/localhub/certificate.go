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

// certificateFile is the file by which clients on this machine trust the hub.
// Each hub has a file of its own, so that hubs that start or end at the same
// time need not agree on anything.
type certificateFile struct {
	path    string
	found   bool // by clients, without being told
	forgets bool // the hub keeps no data: nobody will ever show this certificate again
	content func() []byte
}

var errCertificate = errors.New("write the certificate")

// publishCertificate writes the file for a hub that keeps its data in a
// folder, "" for none. On a machine without a folder that clients know of, or
// where that cannot be written to, the file goes beside the data.
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

// certificateName is the same at every start of a hub that keeps its data:
// other programs may have been told it. ca.pem belongs to the hub of which
// there is one only, as it keeps its data in the same folder.
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

// write brings the file up to date, completely or not at all.
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
		return fmt.Errorf("%s is in the way: it is not a file", f.path)
	default:
		if before, err := os.ReadFile(f.path); err == nil && bytes.Equal(before, content) {
			return f.touch(info.ModTime())
		}
	}
	return replaceFile(f.path, content)
}

// The files of hubs in memory that were killed are removed some time after
// the hubs have last touched them.
const (
	touchAfter    = time.Hour
	leftoverAfter = 7 * 24 * time.Hour
)

// touch says that the hub still lives.
func (f *certificateFile) touch(before time.Time) error {
	now := time.Now()
	if now.Sub(before) < touchAfter {
		return nil
	}
	return os.Chtimes(f.path, now, now)
}

// remove removes the file if no hub will ever show this certificate again.
func (f *certificateFile) remove() {
	if !f.forgets {
		return
	}
	if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Printf("localhub: the certificate stays behind: %v", err)
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
			os.Remove(filepath.Join(folder, name)) // unless another hub was faster
		}
	}
}

const draftSuffix = ".draft"

// replaceFile writes a file that all may read, completely or not at all.
func replaceFile(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+draftSuffix)
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
