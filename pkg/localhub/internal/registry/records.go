package registry

import (
	"encoding/json"
	"fmt"
	"strings"

	"moduletwin/pkg/localhub/internal/hubjson"
	"moduletwin/pkg/localhub/internal/store"
	"moduletwin/pkg/localhub/internal/twin"
)

// The buckets. Each except the first holds up to one record per device or
// module.
const (
	bucketHub        = "hub" // data of the hub as a whole
	bucketIdentities = "identities"
	bucketTwins      = "twins"
	bucketSessions   = "sessions"
)

// ErrNotSaved says that a change could not be saved, and so was not made.
var ErrNotSaved = store.ErrNotSaved

// New returns an empty registry that is kept in memory only.
func New() *Registry { return &Registry{index: make(map[ID]*entity)} }

// Open returns a registry that is stored in folder, with everything that it
// held when it was closed or killed. broken is called once if the file is found
// to be damaged later; from then on, every change is refused.
func Open(folder string, broken func(error)) (*Registry, error) {
	kept, err := store.Open(folder, func(v store.View) error {
		_, err := load(v)
		return err
	}, broken)
	if err != nil {
		return nil, err
	}
	r := &Registry{store: kept}
	err = kept.Read(func(v store.View) (err error) {
		r.index, err = load(v)
		return err
	})
	if err != nil {
		kept.Close()
		return nil, err
	}
	return r, nil
}

// Close closes the file. No operation may be under way.
func (r *Registry) Close() { r.store.Close() }

// record is the stored value of id in one bucket; a nil value removes it.
type record struct {
	bucket string
	id     ID
	value  any
}

// save stores records. In a registry that is kept in memory only, they are not
// even encoded.
func (r *Registry) save(records ...record) error {
	if r.store == nil {
		return nil
	}
	encoded := make([]store.Record, len(records))
	for i, rec := range records {
		encoded[i] = store.Record{Bucket: rec.bucket, Key: rec.id.recordKey()}
		switch value := rec.value.(type) {
		case nil:
		case *twin.Twin:
			encoded[i].Value = value.Encode()
		default:
			encoded[i].Value = hubjson.Encode(value)
		}
	}
	return r.store.Save(encoded...)
}

// forget removes all stored records of entities.
func (r *Registry) forget(entities []*entity) error {
	var records []record
	for _, e := range entities {
		for _, bucket := range []string{bucketIdentities, bucketTwins, bucketSessions} {
			records = append(records, record{bucket, e.id, nil})
		}
	}
	return r.save(records...)
}

// recordKey returns id as the key of its records. It is unambiguous, as no id
// contains a slash.
func (id ID) recordKey() string { return id.Device + "/" + id.Module }

func parseRecordKey(key string) ID {
	device, module, _ := strings.Cut(key, "/")
	return ID{device, module}
}

// load reads all records and checks that none are missing.
func load(v store.View) (map[ID]*entity, error) {
	index := make(map[ID]*entity)
	err := v.ForEach(bucketIdentities, func(key string, value []byte) error {
		e := &entity{id: parseRecordKey(key)}
		index[e.id] = e
		return hubjson.Decode(value, &e.identity)
	})
	if err != nil {
		return nil, err
	}
	err = v.ForEach(bucketTwins, func(key string, value []byte) error {
		e := index[parseRecordKey(key)]
		if e == nil {
			return fmt.Errorf("a twin without an identity: %s", parseRecordKey(key))
		}
		return hubjson.Decode(value, &e.twin)
	})
	if err != nil {
		return nil, err
	}
	err = v.ForEach(bucketSessions, func(key string, value []byte) error {
		e := index[parseRecordKey(key)]
		if e == nil {
			return fmt.Errorf("a session without an identity: %s", parseRecordKey(key))
		}
		e.persistent = true
		return json.Unmarshal(value, &e.subscriptions)
	})
	if err != nil {
		return nil, err
	}
	return index, complete(index)
}

// complete adds modules to their devices and checks that nothing is missing.
func complete(index map[ID]*entity) error {
	for id, e := range index {
		device := index[ID{Device: id.Device}]
		switch {
		case e.identity == nil || e.twin == nil || e.twin.Desired.Metadata == nil || e.twin.Reported.Metadata == nil:
			return fmt.Errorf("%s is not complete", id)
		case device == nil:
			return fmt.Errorf("%s has no device", id)
		case id.IsModule():
			device.addModule(e)
		}
	}
	return nil
}

// Kept returns the values that [Registry.Keep] has stored under these names,
// without those that do not exist.
func (r *Registry) Kept(names ...string) (map[string][]byte, error) {
	kept := make(map[string][]byte)
	return kept, r.store.Read(func(v store.View) error {
		for _, name := range names {
			if value := v.Get(bucketHub, name); value != nil {
				kept[name] = append([]byte{}, value...)
			}
		}
		return nil
	})
}

// Keep stores values that belong to the hub as a whole, by name.
func (r *Registry) Keep(values map[string][]byte) error {
	var records []store.Record
	for name, value := range values {
		records = append(records, store.Record{Bucket: bucketHub, Key: name, Value: value})
	}
	return r.store.Save(records...)
}
