// Package store keeps records in one file. A kill at any moment loses nothing
// that was acknowledged, and damage to the file is noticed: a damaged file is
// not opened, and if the damage is found only later, nothing more is written.
// The package does not know what is in the records.
package store

import (
	"errors"
	"fmt"
	"sync"

	"go.etcd.io/bbolt"
)

// ErrNotSaved says that records could not be written, because the disk is full,
// for instance, or because the file is damaged.
var ErrNotSaved = errors.New("data cannot be saved")

// Store is a file of records in buckets. A nil Store keeps nothing, at no
// cost. Its methods may be called from several goroutines.
type Store struct {
	db       *bbolt.DB
	onBroken func(error)

	leading chan struct{} // holds a token while someone commits; guards the next two
	broken  error         // why nothing is written any more
	locked  bool          // bbolt may hold its write lock

	mu     sync.Mutex // guards queued
	queued []*commit  // for the next transaction
}

// Record is one value under one key of a bucket; a nil value removes it.
type Record struct {
	Bucket, Key string
	Value       []byte
}

// commit is what one caller of Save wants to have written.
type commit struct {
	records []Record
	done    chan struct{}
	err     error // valid once done is closed
}

// Save writes records in one transaction, together with those of concurrent
// calls: the first caller commits at once, and those who come while it does so
// share the next transaction. When Save returns, the records are on the disk.
// Its errors match [ErrNotSaved]. After an error such as that of a full disk,
// the next Save may succeed; but once the file has been found to be damaged,
// every Save fails.
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
		<-c.done // closed by now: c was in this batch or in an earlier one
	}
	return c.err
}

// commitQueued writes everything that is queued and gives the token back. It
// returns an error if it is the first to find the file damaged.
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
		s.broken = fmt.Errorf("%w: nothing more is written to the file: %w", ErrNotSaved, err)
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
	// After Commit, Rollback does nothing. After a panic, it releases the
	// lock, whereas bbolt's own Update would first read more of the damaged
	// file.
	defer func() {
		tx.Rollback()
		s.locked = false
	}()
	if err := write(tx, batch); err != nil {
		return err
	}
	return tx.Commit()
}

// Close closes the file. If bbolt still holds its lock after a panic, closing
// would wait for it forever, so the file stays open until the process ends.
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
