package store

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"go.etcd.io/bbolt"
)

// BenchmarkStore compares the store with a bare database, for one writer and
// for 64, each of which writes a value of 400 bytes under its own key.
func BenchmarkStore(b *testing.B) {
	value := bytes.Repeat([]byte("x"), 400)
	put := func(tx *bbolt.Tx, k []byte) error {
		bucket, err := tx.CreateBucketIfNotExists([]byte("twins"))
		if err != nil {
			return err
		}
		return bucket.Put(k, value)
	}
	for _, way := range []struct {
		name string
		save func(s *Store, k []byte) error
	}{
		{"store", func(s *Store, k []byte) error { return s.Save(Record{"twins", string(k), value}) }},
		{"Update", func(s *Store, k []byte) error { return s.db.Update(func(tx *bbolt.Tx) error { return put(tx, k) }) }},
		{"Batch", func(s *Store, k []byte) error { return s.db.Batch(func(tx *bbolt.Tx) error { return put(tx, k) }) }},
	} {
		for _, writers := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d", way.name, writers), func(b *testing.B) {
				s, err := Open(b.TempDir(), accept, nil)
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				b.ResetTimer()
				var wg sync.WaitGroup
				for w := range writers {
					wg.Go(func() {
						for i := w; i < b.N; i += writers {
							if err := way.save(s, fmt.Appendf(nil, "d/%d", w)); err != nil {
								b.Error(err)
							}
						}
					})
				}
				wg.Wait()
			})
		}
	}
}
