// Package store keeps records in one file, so that a kill at any moment loses
// nothing that was acknowledged. What is in the records is not its business.
package store

import (
	"fmt"
	"sync"

	"go.etcd.io/bbolt"
)

// Store is a file of records in buckets. A nil Store keeps nothing, at no
// cost. Its methods may be called from several goroutines.
type Store struct {
	db *bbolt.DB

	leading chan struct{} // holds a token while someone commits

	mu     sync.Mutex // guards queued
	queued []*commit  // for the next transaction
}

// Record is one value under one key of a bucket; a nil value removes it.
type Record struct {
	Bucket, Key string
	Value       []byte
}

// commit is what one caller wants to be written.
type commit struct {
	records []Record
	done    chan struct{}
	err     error // once done is closed
}

// Save writes records in one transaction, together with what others save
// meanwhile: the first to come commits at once, and those who come while it
// does share the next one. When it returns, they are on the disk.
func (s *Store) Save(records ...Record) error {
	if s == nil || len(records) == 0 {
		return nil
	}
	c := &commit{records: records, done: make(chan struct{})}
	s.mu.Lock()
	s.queued = append(s.queued, c)
	s.mu.Unlock()
	select {
	case <-c.done:
	case s.leading <- struct{}{}:
		s.commitQueued()
		<-s.leading
		<-c.done // now or before: what was queued earlier is committed earlier
	}
	return c.err
}

// commitQueued writes all that is queued.
func (s *Store) commitQueued() {
	s.mu.Lock()
	batch := s.queued
	s.queued = nil
	s.mu.Unlock()
	if len(batch) == 0 {
		return
	}
	err := s.db.Update(func(tx *bbolt.Tx) error {
		for _, c := range batch {
			if err := write(tx, c.records); err != nil {
				return err
			}
		}
		return nil
	})
	for _, c := range batch {
		c.err = err
		close(c.done)
	}
}

func write(tx *bbolt.Tx, records []Record) error {
	for _, r := range records {
		bucket, err := tx.CreateBucketIfNotExists([]byte(r.Bucket))
		if err == nil && r.Value != nil {
			err = bucket.Put([]byte(r.Key), r.Value)
		} else if err == nil {
			err = bucket.Delete([]byte(r.Key))
		}
		if err != nil {
			return fmt.Errorf("keep data: %w", err)
		}
	}
	return nil
}

// Read calls read with a view of all records as they are at one moment. A nil
// Store has no records.
func (s *Store) Read(read func(View) error) error {
	if s == nil {
		return read(View{})
	}
	return s.db.View(func(tx *bbolt.Tx) error { return read(View{tx}) })
}

// View reads records. What it returns is good until the function it was given
// to returns.
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
	return b.ForEach(func(key, value []byte) error { return do(string(key), value) })
}

func (v View) bucket(name string) *bbolt.Bucket {
	if v.tx == nil {
		return nil
	}
	return v.tx.Bucket([]byte(name))
}

// Close gives the file back.
func (s *Store) Close() {
	if s != nil {
		s.db.Close()
	}
}
