package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"moduletwin/pkg/internal/trust"
	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// localFolder gives the test its own folder for settings and returns the folder
// in it where hubs publish their certificates.
func localFolder(t *testing.T) string {
	t.Helper()
	useConfig(t, t.TempDir())
	folder, err := trust.LocalFolder()
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// fourAtATime calls do for 0 to n-1.
func fourAtATime(n int, do func(i int)) {
	places := make(chan struct{}, 4)
	var tasks sync.WaitGroup
	for i := range n {
		places <- struct{}{}
		tasks.Go(func() {
			do(i)
			<-places
		})
	}
	tasks.Wait()
}

// TestManyHubs starts and ends 48 hubs, four at a time. Each is trusted as long
// as it runs, whatever the others do in the meantime.
func TestManyHubs(t *testing.T) {
	folder := localFolder(t)
	var hubs [48]*localhub.Hub
	var files [48]*certificateFile
	check := func(i int) {
		registry, err := iothub.NewRegistry(hubs[i].ConnectionString(localhub.PolicyIoTHubOwner), nil)
		if err == nil {
			_, err = registry.GetDevice(t.Context(), "none")
		}
		if !errors.Is(err, iothub.ErrNotFound) {
			t.Errorf("hub %d: %v", i, err)
		}
	}
	fourAtATime(len(hubs), func(i int) {
		var err error
		if hubs[i], err = localhub.Start(nil); err != nil {
			t.Error(err)
			return
		}
		if files[i], err = publishCertificate(hubs[i].CertificatePEM, ""); err != nil {
			t.Error(err)
		}
		check(i)
	})
	if t.Failed() {
		return
	}
	fourAtATime(len(hubs), func(i int) {
		check(i)
		files[i].remove()
		hubs[i].Close()
	})
	if left, _ := os.ReadDir(folder); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestCertificateNames checks that ca.pem belongs to the hub whose data is in
// the same folder. Other hubs that keep data have their own file names, which
// stay the same.
func TestCertificateNames(t *testing.T) {
	folder := localFolder(t)
	content := func() []byte { return []byte("a certificate\n") }
	var names []string
	for _, data := range []string{folder, t.TempDir(), t.TempDir(), ""} {
		f, err := publishCertificate(content, data)
		if err != nil {
			t.Fatal(err)
		}
		again, err := publishCertificate(content, data)
		if err != nil || again.path != f.path || !f.found {
			t.Errorf("first %s, then %s, error %v", f.path, again.path, err)
		}
		names = append(names, filepath.Base(f.path))
		f.remove()
		if _, err := os.Stat(f.path); errors.Is(err, fs.ErrNotExist) != (data == "") {
			t.Errorf("after the end: %v", err)
		}
	}
	if names[0] != "ca.pem" || len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
		t.Errorf("the names are %q", names)
	}
}

// TestNoFolder checks that the certificate is put next to the data if there
// cannot be a folder that clients know.
func TestNoFolder(t *testing.T) {
	folder := localFolder(t)
	if err := os.WriteFile(folder, nil, 0o600); err != nil { // a file where the folder would be
		t.Fatal(err)
	}
	data := t.TempDir()
	f, err := publishCertificate(func() []byte { return nil }, data)
	if err != nil || f.found || f.path != filepath.Join(data, "ca.pem") {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := publishCertificate(func() []byte { return nil }, ""); err == nil {
		t.Error("a hub without data has published its certificate")
	}
}

// TestLeftovers checks that the files of hubs that were killed long ago are
// removed, and no others.
func TestLeftovers(t *testing.T) {
	folder := localFolder(t)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for name, age := range map[string]time.Duration{
		"ca-memory-old.pem":        leftoverAfter + time.Hour,
		"ca.pem.123.draft":         leftoverAfter + time.Hour,
		"ca-memory-new.pem":        leftoverAfter - time.Hour,
		"ca-memory-new2.pem.draft": time.Minute,
		"ca.pem":                   10 * leftoverAfter,
		"ca-data.pem":              10 * leftoverAfter,
		"hub.db":                   10 * leftoverAfter,
	} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	removeLeftovers(folder, now)
	var names []string
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if want := []string{"ca-data.pem", "ca-memory-new.pem", "ca-memory-new2.pem.draft", "ca.pem", "hub.db"}; !slices.Equal(names, want) {
		t.Errorf("the files left are %q, want %q", names, want)
	}
}
