package store

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

var errDamaged = errors.New("it is damaged")

// catchDamage calls do and returns its error. A damaged file makes bbolt panic
// or access memory beyond the end of the file; catchDamage turns that into an
// error.
func catchDamage(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errDamaged, p)
		}
	}()
	return do()
}

// checkFile reads and checks the whole file. It opens the file read-only.
func checkFile(path string, check func(View) error) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || info.Size() == 0 {
		return cmp.Or(err, errors.New("it is empty"))
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, ReadOnly: true})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return ErrInUse
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.View(func(tx *bbolt.Tx) error {
		if err := checkStructure(tx, file); err != nil {
			return fmt.Errorf("%w: %w", errDamaged, err)
		}
		if view := (View{tx}); string(view.Get(formatBucket, formatKey)) != fileFormat {
			return errors.New("it was not written by this version of the program")
		}
		if err := checkSum(tx); err != nil {
			return fmt.Errorf("%w: %w", errDamaged, err)
		}
		return check(View{tx})
	})
}

// checkStructure checks the pages of the file, including the free ones.
func checkStructure(tx *bbolt.Tx, file *os.File) error {
	info, err := file.Stat() // called late: nobody can write to the file any more
	if err == nil {
		err = checkPages(file, info.Size())
	}
	if err != nil {
		return err
	}
	for found := range tx.Check() { // read to its end, as the sender waits for a reader
		err = cmp.Or(err, found)
	}
	return err
}
