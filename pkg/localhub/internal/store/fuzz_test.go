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

// FuzzFile overwrites bytes of a good file. It then signs the metas again,
// because no fuzzer would find the checksums. The store either refuses the file
// or has everything in it. The number of the last transaction is kept: with an
// older meta under a newer number and a valid checksum, the file would just be
// an older one.
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
