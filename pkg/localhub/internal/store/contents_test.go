package store

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// contents are the values in a store, by bucket and key.
type contents map[[2]string]string

func (c contents) save(t testing.TB, s *Store, records ...Record) {
	t.Helper()
	if err := s.Save(records...); err != nil {
		t.Fatal(err)
	}
	c.add(records...)
}

func (c contents) add(records ...Record) {
	for _, r := range records {
		if r.Value == nil {
			delete(c, [2]string{r.Bucket, r.Key})
		} else {
			c[[2]string{r.Bucket, r.Key}] = string(r.Value)
		}
	}
}

func read(s *Store) (contents, error) {
	all := contents{}
	err := s.Read(func(v View) error {
		for _, bucket := range []string{"identities", "twins", "long"} {
			err := v.ForEach(bucket, func(key string, value []byte) error {
				all[[2]string{bucket, key}] = string(value)
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

// wellUsed returns a file with branches, long values and free pages, and its
// contents.
func wellUsed(t testing.TB) ([]byte, contents) {
	t.Helper()
	folder := t.TempDir()
	s, err := Open(folder, accept, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := contents{}
	for i := range 40 {
		var records []Record
		for j := range 10 {
			key := fmt.Sprintf("device-%d/%d", i, j)
			records = append(records,
				Record{"identities", key, bytes.Repeat([]byte{'i'}, 100)},
				Record{"twins", key, fmt.Appendf(nil, "%d %s", j, bytes.Repeat([]byte{'t'}, 200))})
		}
		all.save(t, s, records...)
	}
	for i := range 4 {
		all.save(t, s, Record{"long", fmt.Sprint(i), bytes.Repeat([]byte{byte('0' + i)}, 10_000)})
	}
	for i := range 10 {
		for j := range 10 {
			key := fmt.Sprintf("device-%d/%d", 3*i, j)
			all.save(t, s, Record{"identities", key, nil}, Record{"twins", key, nil})
		}
	}
	s.Close()
	content, err := os.ReadFile(filepath.Join(folder, FileName))
	if err != nil {
		t.Fatal(err)
	}
	return content, all
}
