// Package store keeps records in one file, so that a kill at any moment loses
// nothing that was acknowledged, and damage to the file is noticed: at the
// start it is refused, later nothing more is written. What is in the records is
// not its business.
package store

import (
	"errors"
	"fmt"
	"sync"

	"go.etcd.io/bbolt"
)

// ErrNotSaved says that records could not be written: the disk is full, or the
// file is damaged.
var ErrNotSaved = errors.New("data cannot be saved")

// Store is a file of records in buckets. A nil Store keeps nothing, at no
// cost. Its methods may be called from several goroutines.
type Store struct {
	db       *bbolt.DB
	onBroken func(error)

	leading chan struct{} // holds a token while someone commits; guards the next two
	broken  error         // why nothing is written any more
	locked  bool          // bbolt may hold its lock for writing

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
// does share the next one. When it returns, they are on the disk. Its errors
// match [ErrNotSaved]. After one, as of a full disk, the next Save may succeed;
// but once the file has turned out to be damaged, all fail.
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
		if broken := s.commitQueued(); broken != nil {
			s.onBroken(broken)
		}
		<-c.done // now or before: what was queued earlier is committed earlier
	}
	return c.err
}

// commitQueued writes all that is queued and gives the token back. It returns
// an error if it is the first to find the file damaged.
func (s *Store) commitQueued() (broken error) {
	defer func() { <-s.leading }()
	s.mu.Lock()
	batch := s.queued
	s.queued = nil
	s.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	before := s.broken
	err := s.commit(batch)
	for _, c := range batch {
		c.err = err
		close(c.done)
	}
	if before == nil {
		return s.broken
	}
	return nil
}

// commit writes batch in one transaction. A file that is found to be damaged
// is not touched again.
func (s *Store) commit(batch []*commit) error {
	if s.broken != nil {
		return s.broken
	}
	err := catchDamage(func() error { return s.update(batch) })
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errDamaged):
		s.broken = fmt.Errorf("%w: the file is not written to any more, as %w", ErrNotSaved, err)
		return s.broken
	default:
		return fmt.Errorf("%w: %w", ErrNotSaved, err)
	}
}

// update writes batch. It panics if the file is damaged.
func (s *Store) update(batch []*commit) error {
	s.locked = true
	tx, err := s.db.Begin(true)
	if err != nil {
		s.locked = false
		return err
	}
	// After Commit, Rollback does nothing. After a panic it gives the lock
	// back, where bbolt's own Update would first read more of what is damaged.
	defer func() {
		tx.Rollback()
		s.locked = false
	}()
	if err := write(tx, batch); err != nil {
		return err
	}
	return tx.Commit()
}

// Close gives the file back. If bbolt has not given its lock back after a
// panic, waiting for it would never end, and the file is given back when the
// process ends.
func (s *Store) Close() {
	if s == nil {
		return
	}
	s.leading <- struct{}{}
	defer func() { <-s.leading }()
	if !s.locked {
		s.db.Close()
	}
}
