//go:build linux || darwin

package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
)

// TestDiskFull limits the size of the file: what does not fit is refused, what
// was saved can still be read, and once there is room, saving works again.
func TestDiskFull(t *testing.T) {
	content, want := wellUsed(t)
	s := openCopy(t, content, func(err error) { t.Errorf("the file was taken for damaged: %v", err) })
	setFileLimit(t, 1<<20)
	refused := 0
	for i := 0; refused < 3; i++ {
		if i == 100 {
			t.Fatal("the limit has no effect")
		}
		record := Record{"long", fmt.Sprint("new-", i), bytes.Repeat([]byte{'n'}, 100_000)}
		switch err := s.Save(record); {
		case err == nil:
			want.add(record)
		case errors.Is(err, errDamaged), !errors.Is(err, ErrNotSaved):
			t.Fatal(err)
		default:
			refused++
		}
		if got, err := read(s.Store); err != nil || !maps.Equal(got, want) {
			t.Fatalf("with %d refused, reading fails: %v", refused, err)
		}
	}
	setFileLimit(t, 1<<30)
	want.save(t, s.Store, Record{"long", "after", []byte("all")})
	s.Close()
	again, err := Open(filepath.Dir(s.path), accept, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got, err := read(again); err != nil || !maps.Equal(got, want) {
		t.Errorf("something is lost: %v", err)
	}
}

// setFileLimit limits the size of files that this process writes, in bytes,
// until the test ends.
func setFileLimit(t *testing.T, size uint64) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ) // the signal that a full disk does not send
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	limit := before
	limit.Cur = size
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before) })
}
