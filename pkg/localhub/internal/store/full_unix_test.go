//go:build unix

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

// TestDiskFull has no room for the file to grow: what does not fit is refused,
// what was kept can be read, and once there is room, more is kept.
func TestDiskFull(t *testing.T) {
	content, want := wellUsed(t)
	s := openCopy(t, content, func(err error) { t.Errorf("it is taken for damaged: %v", err) })
	signal.Ignore(syscall.SIGXFSZ) // which a full disk does not send
	defer signal.Reset(syscall.SIGXFSZ)
	var unlimited syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &unlimited); err != nil {
		t.Fatal(err)
	}
	limited := unlimited
	limited.Cur = 1 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limited); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setrlimit(syscall.RLIMIT_FSIZE, &unlimited)
	refused := 0
	for i := 0; refused < 3; i++ {
		if i == 100 {
			t.Fatal("the file has no limit")
		}
		record := Record{"long", fmt.Sprint("new-", i), bytes.Repeat([]byte{'n'}, 100_000)}
		switch err := s.Save(record); {
		case err == nil:
			want[[2]string{record.Bucket, record.Key}] = string(record.Value)
		case errors.Is(err, errDamaged):
			t.Fatal(err)
		default:
			refused++
		}
		if got, err := read(s.Store); err != nil || !maps.Equal(got, want) {
			t.Fatalf("with %d refused, reading fails: %v", refused, err)
		}
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &unlimited); err != nil {
		t.Fatal(err)
	}
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
