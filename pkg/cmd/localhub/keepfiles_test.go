package main

import (
	"context"
	"log"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/localhub"
)

// logged is a log that may be written and read concurrently.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestKeepFiles deletes the files of a running hub. Its certificate, old or
// new, is written again, and the loss of its data is logged once.
func TestKeepFiles(t *testing.T) {
	folder := localFolder(t)
	var content atomic.Value
	content.Store("one")
	ca, err := publishCertificate(func() []byte { return []byte(content.Load().(string)) }, folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, localhub.DataFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out := new(logged)
	log.SetOutput(out)
	defer log.SetOutput(os.Stderr)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go keepFiles(ctx, ca, folder)
		time.Sleep(keepFilesEvery)
		synctest.Wait()
		if text := out.String(); text != "" {
			t.Errorf("logged, although no file is missing: %s", text)
		}
		for _, want := range []string{"one", "two"} {
			content.Store(want)
			if err := os.RemoveAll(folder); err != nil {
				t.Fatal(err)
			}
			time.Sleep(keepFilesEvery)
			synctest.Wait()
			if got, err := os.ReadFile(ca.path); string(got) != want {
				t.Errorf("got %q, %v", got, err)
			}
		}
	})
	if text := out.String(); strings.Count(text, localhub.DataFile+" was deleted: ") != 1 {
		t.Errorf("the log is %s", text)
	}
}

// keepFor runs keepFiles with ca in the background. It returns a function that
// checks how many lines the log has after three more rounds.
func keepFor(t *testing.T, ca *certificateFile) (logs func(want int)) {
	out := new(logged)
	log.SetOutput(out)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(func() { cancel(); synctest.Wait(); log.SetOutput(os.Stderr) })
	go keepFiles(ctx, ca, "")
	return func(want int) {
		t.Helper()
		time.Sleep(3 * keepFilesEvery)
		synctest.Wait()
		if text := out.String(); strings.Count(text, "the certificate cannot be written") != want {
			t.Errorf("want %d lines; the log is\n%s", want, text)
		}
	}
}

// TestKeepFilesInTheWay checks that the log says once that a file is in the
// way, and again if it returns.
func TestKeepFilesInTheWay(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "folder")
	synctest.Test(t, func(t *testing.T) {
		logs := keepFor(t, &certificateFile{path: filepath.Join(folder, "ca.pem"), content: func() []byte { return nil }})
		for round := range 2 {
			if err := os.WriteFile(folder, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			logs(round + 1)
			if err := os.Remove(folder); err != nil {
				t.Fatal(err)
			}
			logs(round + 1)
			if err := os.RemoveAll(folder); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestKeepFilesSameCause checks that a cause is logged once, even though each
// draft has another name.
func TestKeepFilesSameCause(t *testing.T) {
	tooLong := filepath.Join(t.TempDir(), strings.Repeat("c", 245)) // with the suffix of a draft
	synctest.Test(t, func(t *testing.T) {
		logs := keepFor(t, &certificateFile{path: tooLong, content: func() []byte { return nil }})
		logs(1)
	})
}

// TestTouch checks that a running hub touches its certificate, but not each
// time.
func TestTouch(t *testing.T) {
	localFolder(t)
	ca, err := publishCertificate(func() []byte { return []byte("one") }, "")
	if err != nil {
		t.Fatal(err)
	}
	for age, want := range map[time.Duration]bool{touchAfter / 2: false, touchAfter * 2: true} {
		before := time.Now().Add(-age)
		if err := os.Chtimes(ca.path, before, before); err != nil {
			t.Fatal(err)
		}
		if err := ca.write(); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(ca.path)
		if err != nil || info.ModTime().After(before.Add(time.Second)) != want {
			t.Errorf("after %v: %v, %v", age, info.ModTime(), err)
		}
	}
}
