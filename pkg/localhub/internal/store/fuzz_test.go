package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// FuzzFile overwrites numbers of a good file; the metas are signed again, as
// no fuzzer would find that. It is refused, or everything in it is there. The
// number of the last transaction stays: an older meta under a newer number, and
// with the right checksum, is an older file.
func FuzzFile(f *testing.F) {
	const transactionAt = metaSize - 8
	good, want := wellUsed(f)
	f.Add([]byte{})
	f.Add([]byte{0, 0, 0, 100, 0xff})
	f.Add([]byte{0, 0, 0x30, 0x0c, 1, 0, 0, 0x40, 0x10, 2})
	f.Fuzz(func(t *testing.T, patches []byte) {
		file := bytes.Clone(good)
		for ; len(patches) >= 5; patches = patches[5:] {
			file[binary.BigEndian.Uint32(patches)%uint32(len(file))] = patches[4]
		}
		for _, meta := range []int{headerSize, os.Getpagesize() + headerSize} {
			copy(file[meta+transactionAt:meta+transactionAt+8], good[meta+transactionAt:])
			sign(file[meta:])
		}
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, FileName), file, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(folder, accept, nil)
		if err != nil {
			if !errors.Is(err, ErrUnusable) {
				t.Error(err)
			}
			return
		}
		defer s.Close()
		s.db.NoSync, s.db.NoGrowSync = true, true
		want := maps.Clone(want)
		want.save(t, s, Record{"twins", "new", []byte("new")})
		if got, err := read(s); err != nil || !maps.Equal(got, want) {
			t.Errorf("something is lost: %v", err)
		}
	})
}
