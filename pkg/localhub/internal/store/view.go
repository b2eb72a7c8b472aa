package store

import (
	"bytes"
	"fmt"

	"go.etcd.io/bbolt"
)

// Read calls read with a view of all records at one moment. A nil Store has no
// records.
func (s *Store) Read(read func(View) error) error {
	if s == nil {
		return read(View{})
	}
	return catchDamage(func() error {
		return s.db.View(func(tx *bbolt.Tx) error { return read(View{tx}) })
	})
}

// View reads records. What it returns is valid until the function that got the
// View returns.
type View struct{ tx *bbolt.Tx }

// Get returns the value under a key, nil if there is none.
func (v View) Get(bucket, key string) []byte {
	if b := v.bucket(bucket); b != nil {
		return b.Get([]byte(key))
	}
	return nil
}

// ForEach calls do for every record of a bucket, in the order of the keys.
func (v View) ForEach(bucket string, do func(key string, value []byte) error) error {
	b := v.bucket(bucket)
	if b == nil {
		return nil
	}
	var last []byte
	return b.ForEach(func(key, value []byte) error {
		if last != nil && bytes.Compare(key, last) <= 0 { // the pages of a damaged file may lead in a circle
			return fmt.Errorf("%w: the keys are out of order", errDamaged)
		}
		last = key
		return do(string(key), value)
	})
}

func (v View) bucket(name string) *bbolt.Bucket {
	if v.tx == nil {
		return nil
	}
	return v.tx.Bucket([]byte(name))
}
