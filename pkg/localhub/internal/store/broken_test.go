package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// TestBroken damages the list of free pages while eight goroutines write. Each
// of them gets an error, and so does every later write, at once. Reading still
// works, and Close returns. The callback that is told of the damage may itself
// write.
func TestBroken(t *testing.T) {
	content, want := wellUsed(t)
	var told []error
	record := Record{"twins", "new", []byte("x")}
	var s *openStore
	s = openCopy(t, content, func(err error) { told = append(told, err, s.Save(record)) })
	m, err := readMetas(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	overwrite(t, s, int64(m.freeList)*m.pageSize, make([]byte, m.pageSize))
	var writers sync.WaitGroup
	var errs [8]error
	for i := range errs {
		writers.Go(func() { errs[i] = s.Save(record) })
	}
	if !ends(writers.Wait) {
		t.Fatal("some writers wait for ever")
	}
	for _, err := range append(errs[:], s.Save(record)) {
		if !errors.Is(err, errDamaged) {
			t.Errorf("Save: %v, want errDamaged", err)
		}
	}
	if len(told) != 2 || !errors.Is(told[0], errDamaged) || !errors.Is(told[1], errDamaged) {
		t.Errorf("the callback was told %v", told)
	}
	if got, err := read(s.Store); err != nil || !maps.Equal(got, want) {
		t.Errorf("what was saved before cannot be read: %v", err)
	}
	if !ends(s.Close) {
		t.Fatal("Close does not return")
	}
	if _, err := Open(filepath.Dir(s.path), accept, nil); !errors.Is(err, errDamaged) {
		t.Errorf("the next start: %v", err)
	}
}

// TestDamagesWhileOpen damages the file in many ways while it is open. Nothing
// hangs, and the next start either refuses the file or finds everything that
// was acknowledged. Damage that leads bbolt in a circle or to billions of pages
// is left out: only the start checks for that.
func TestDamagesWhileOpen(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not let an open file be shortened or deleted")
	}
	good, want := wellUsed(t)
	outcomes := make(map[string]int)
	for _, d := range damages(t, good) {
		if !d.endless {
			outcomes[damageWhileOpen(t, d, good, maps.Clone(want))]++
		}
	}
	for outcome, n := range outcomes {
		t.Logf("%4d: %s", n, outcome)
	}
}

// damageWhileOpen returns a description of what happened.
func damageWhileOpen(t *testing.T, d damage, good []byte, want contents) string {
	t.Helper()
	told, failed := 0, 0
	s := openCopy(t, good, func(error) { told++ })
	s.db.NoSync, s.db.NoGrowSync = true, true
	overwrite(t, s, 0, d.file)
	if err := os.Truncate(s.path, int64(len(d.file))); err != nil {
		t.Fatal(err)
	}
	ended := ends(func() {
		for i := range 5 {
			record := Record{"twins", fmt.Sprint("new-", i), bytes.Repeat([]byte{'n'}, 1000*i+1)}
			if err := s.Save(record); err != nil {
				failed++
			} else {
				want.add(record)
			}
		}
		read(s.Store)
		s.Close()
	})
	if !ended {
		t.Fatalf("%s, %s: it hangs", d.kind, d.name)
	}
	if (failed > 0) != (told > 0) || told > 1 {
		t.Errorf("%s, %s: %d failures, told %d times", d.kind, d.name, failed, told)
	}
	kept := fmt.Sprintf("%d of 5 kept, ", 5-failed)
	if s.locked {
		return kept + "the file is released when the process ends"
	}
	again, err := Open(filepath.Dir(s.path), accept, nil)
	if err != nil {
		if !errors.Is(err, ErrUnusable) {
			t.Errorf("%s, %s: %v", d.kind, d.name, err)
		}
		return kept + "refused at the next start"
	}
	defer again.Close()
	if got, err := read(again); err != nil || !maps.Equal(got, want) {
		t.Errorf("%s, %s: something is lost: %v", d.kind, d.name, err)
	}
	return kept + "served at the next start"
}

// openCopy opens a file with this content.
func openCopy(t *testing.T, content []byte, broken func(error)) *openStore {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, FileName)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(folder, accept, broken)
	if err != nil {
		t.Fatal(err)
	}
	return &openStore{s, path}
}

type openStore struct {
	*Store
	path string
}

// overwrite writes into the file of an open store, behind the store's back.
func overwrite(t *testing.T, s *openStore, at int64, b []byte) {
	t.Helper()
	file, err := os.OpenFile(s.path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteAt(b, at)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}
