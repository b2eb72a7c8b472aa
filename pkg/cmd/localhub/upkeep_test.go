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

// logged is a log that may be written to and read at once.
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

// TestKeepFiles tidies up beside a hub. Its certificate comes back, old or
// new, and of its data it says once that they are lost.
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
		time.Sleep(upkeepEvery)
		synctest.Wait()
		if text := out.String(); text != "" {
			t.Errorf("while all is well: %s", text)
		}
		for _, want := range []string{"one", "two"} {
			content.Store(want)
			if err := os.RemoveAll(folder); err != nil {
				t.Fatal(err)
			}
			time.Sleep(upkeepEvery)
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

// TestTouch shows that a hub lives, though not each time.
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
