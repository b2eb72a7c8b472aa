package localhub

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"go.etcd.io/bbolt"
)

// store keeps what outlives the hub, in one file. What it has taken is on the
// disk. A nil store keeps nothing, at no cost.
type store struct {
	db *bbolt.DB

	leading chan struct{} // holds a token while someone commits

	mu     sync.Mutex // guards queued
	queued []*commit  // for the next transaction
}

// commit is what one caller wants to be written.
type commit struct {
	records []record
	done    chan struct{}
	err     error // once done is closed
}

// record is one value under one key; nil removes it.
type record struct {
	bucket, key, value []byte
}

// The buckets, one value per device or module in each but the first.
var (
	bucketHub        = []byte("hub") // what there is one of
	bucketIdentities = []byte("identities")
	bucketTwins      = []byte("twins")
	bucketSessions   = []byte("sessions")
)

// save writes records in one transaction, together with what others save
// meanwhile: the first to come commits at once, and those who come while it
// does share the next one.
func (s *store) save(records ...record) error {
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
func (s *store) commitQueued() {
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

func write(tx *bbolt.Tx, records []record) error {
	for _, r := range records {
		bucket, err := tx.CreateBucketIfNotExists(r.bucket)
		if err == nil && r.value != nil {
			err = bucket.Put(r.key, r.value)
		} else if err == nil {
			err = bucket.Delete(r.key)
		}
		if err != nil {
			return fmt.Errorf("keep data: %w", err)
		}
	}
	return nil
}

// put keeps an identity, a twin or both; nil leaves what is kept.
func (s *store) put(k key, i *identity, t *twin) error {
	if s == nil {
		return nil
	}
	var records []record
	if i != nil {
		records = append(records, record{bucketIdentities, k.bytes(), encode(i)})
	}
	if t != nil {
		records = append(records, record{bucketTwins, k.bytes(), encode(t)})
	}
	return s.save(records...)
}

// putSession keeps subscriptions, or forgets them if they are nil.
func (s *store) putSession(k key, filters session) error {
	if s == nil {
		return nil
	}
	r := record{bucketSessions, k.bytes(), nil}
	if filters != nil {
		r.value = encode(filters)
	}
	return s.save(r)
}

// remove forgets devices and modules with all that belongs to them.
func (s *store) remove(entities []*entity) error {
	if s == nil {
		return nil
	}
	var records []record
	for _, e := range entities {
		k := e.key.bytes()
		records = append(records, record{bucketIdentities, k, nil}, record{bucketTwins, k, nil}, record{bucketSessions, k, nil})
	}
	return s.save(records...)
}

// bytes returns k as the file has it; no id contains a slash.
func (k key) bytes() []byte { return []byte(k.device + "/" + k.module) }

func parseKey(b []byte) key {
	device, module, _ := strings.Cut(string(b), "/")
	return key{device, module}
}

// load fills the index of a registry that is empty.
func (s *store) load(index map[key]*entity) error {
	return s.db.View(func(tx *bbolt.Tx) error {
		err := forEach(tx, bucketIdentities, func(k key, value []byte) error {
			e := &entity{key: k}
			index[k] = e
			return decode(value, &e.identity)
		})
		if err != nil {
			return err
		}
		err = forEach(tx, bucketTwins, func(k key, value []byte) error {
			if index[k] == nil {
				return fmt.Errorf("a twin of no identity: %s", k)
			}
			return decode(value, &index[k].twin)
		})
		if err != nil {
			return err
		}
		err = forEach(tx, bucketSessions, func(k key, value []byte) error {
			if index[k] == nil {
				return fmt.Errorf("a session of no identity: %s", k)
			}
			return json.Unmarshal(value, &index[k].session)
		})
		if err != nil {
			return err
		}
		return complete(index)
	})
}

// complete gives modules to their devices and checks that nothing is missing.
func complete(index map[key]*entity) error {
	for k, e := range index {
		device := index[key{device: k.device}]
		switch {
		case e.identity == nil || e.twin == nil || e.twin.Desired.Metadata == nil || e.twin.Reported.Metadata == nil:
			return fmt.Errorf("%s is not complete", k)
		case device == nil:
			return fmt.Errorf("%s has no device", k)
		case k.module != "":
			device.add(e)
		}
	}
	return nil
}

func forEach(tx *bbolt.Tx, bucket []byte, do func(key, []byte) error) error {
	b := tx.Bucket(bucket)
	if b == nil {
		return nil
	}
	return b.ForEach(func(k, value []byte) error { return do(parseKey(k), value) })
}
