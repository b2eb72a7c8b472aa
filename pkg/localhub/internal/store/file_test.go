package store

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestDrafts checks that Open removes the draft of a hub that was killed during
// its first start, and no other file.
func TestDrafts(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"hub.db.123.new", "hub.db.new", "other.db.1.new"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(folder, accept, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	var names []string
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if len(names) != 3 || names[0] != FileName || names[1] != "hub.db.new" || names[2] != "other.db.1.new" {
		t.Errorf("the files left are %q", names)
	}
}

// TestFirstStarts opens a folder many times at once: exactly one succeeds.
func TestFirstStarts(t *testing.T) {
	folder := t.TempDir()
	var stores [8]*Store
	var errs [8]error
	var tasks sync.WaitGroup
	for i := range stores {
		tasks.Go(func() { stores[i], errs[i] = Open(folder, accept, nil) })
	}
	tasks.Wait()
	opened := 0
	for i, s := range stores {
		switch {
		case errs[i] == nil:
			opened++
			s.Close()
		case !errors.Is(errs[i], ErrInUse):
			t.Error(errs[i])
		}
	}
	if entries, _ := os.ReadDir(folder); opened != 1 || len(entries) != 1 {
		t.Errorf("%d opened the folder, which now holds %v", opened, entries)
	}
}

func accept(View) error { return nil }
