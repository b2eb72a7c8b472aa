package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestDamages damages a file in many ways. The store either refuses the file
// and leaves it as it is, or uses it and loses nothing, neither what was there
// nor what is saved later.
func TestDamages(t *testing.T) {
	good, want := wellUsed(t)
	tried, served := make(map[string]int), make(map[string]int)
	for _, d := range damages(t, good) {
		folder := t.TempDir()
		path := filepath.Join(folder, FileName)
		if err := os.WriteFile(path, d.file, 0o600); err != nil {
			t.Fatal(err)
		}
		tried[d.kind]++
		var s *Store
		var err error
		if !ends(func() { s, err = Open(folder, accept, nil) }) {
			t.Fatalf("%s, %s: it hangs", d.kind, d.name)
		}
		if err == nil {
			served[d.kind]++
			mustServe(t, d, s, folder, maps.Clone(want))
			continue
		}
		if after, _ := os.ReadFile(path); !errors.Is(err, ErrUnusable) || !bytes.Equal(after, d.file) {
			t.Errorf("%s, %s: changed, or refused for another reason: %v", d.kind, d.name, err)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(tried)) {
		t.Logf("%-12s %4d refused %4d served", kind, tried[kind]-served[kind], served[kind])
	}
}

// mustServe saves more in s and checks that it has that and everything in want.
func mustServe(t *testing.T, d damage, s *Store, folder string, want contents) {
	t.Helper()
	s.db.NoSync, s.db.NoGrowSync = true, true // faster
	ended := ends(func() {
		for i := range 5 {
			want.save(t, s,
				Record{"twins", fmt.Sprint("new-", i), bytes.Repeat([]byte{'n'}, 1000*i+1)},
				Record{"identities", fmt.Sprintf("device-1/%d", i), nil})
		}
		s.Close()
	})
	if !ended {
		t.Fatalf("%s, %s: it hangs", d.kind, d.name)
	}
	s, err := Open(folder, accept, nil)
	if err != nil {
		t.Errorf("%s, %s: served, and then refused: %v", d.kind, d.name, err)
		return
	}
	defer s.Close()
	if got, err := read(s); err != nil || !maps.Equal(got, want) {
		t.Errorf("%s, %s: something is lost: %v", d.kind, d.name, err)
	}
}

// ends reports whether do returns in time.
func ends(do func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
		return true
	case <-time.After(30 * time.Second):
		return false
	}
}
