package store

import (
	"errors"
	"fmt"
	"hash/crc64"

	"go.etcd.io/bbolt"
)

// sumBucket is the name of an empty bucket whose sequence number is the sum of
// the checksums of all records. bbolt has no checksums for its pages: without
// this one, a record could change or vanish unnoticed.
const sumBucket = "sum"

// write writes the records of batch to the file and updates the sum.
func write(tx *bbolt.Tx, batch []*commit) error {
	bucket, err := tx.CreateBucketIfNotExists([]byte(sumBucket))
	if err != nil {
		return err
	}
	sum := bucket.Sequence()
	for _, c := range batch {
		for _, r := range c.records {
			change, err := put(tx, []byte(r.Bucket), []byte(r.Key), r.Value)
			if err != nil {
				return err
			}
			sum += change
		}
	}
	return bucket.SetSequence(sum)
}

// put writes one record and returns by how much the sum changes.
func put(tx *bbolt.Tx, name, key, value []byte) (change uint64, err error) {
	bucket, err := tx.CreateBucketIfNotExists(name)
	if err != nil {
		return 0, err
	}
	change = checksum(name, key, value) - checksum(name, key, bucket.Get(key))
	if value == nil {
		return change, bucket.Delete(key)
	}
	return change, bucket.Put(key, value)
}

// checkSum reads all records and compares the sum of their checksums with the
// stored one.
func checkSum(tx *bbolt.Tx) error {
	var sum, want uint64
	err := tx.ForEach(func(name []byte, bucket *bbolt.Bucket) error {
		if bucket == nil {
			return fmt.Errorf("%q is in no bucket", name)
		}
		if string(name) == sumBucket {
			want = bucket.Sequence()
		}
		return bucket.ForEach(func(key, value []byte) error {
			sum += checksum(name, key, value)
			return nil
		})
	})
	if err == nil && sum != want {
		err = errors.New("its records are not those that were written")
	}
	return err
}

var (
	crcTable  = crc64.MakeTable(crc64.ECMA)
	separator = []byte{0}
)

// checksum returns the checksum of a record, or 0 if there is none.
func checksum(bucket, key, value []byte) uint64 {
	if value == nil {
		return 0
	}
	var sum uint64
	for _, part := range [][]byte{bucket, separator, key, separator, value} {
		sum = crc64.Update(sum, crcTable, part)
	}
	return sum
}
