package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// FileName is the name of the file in its folder.
const FileName = "hub.db"

const (
	fileFormat = "moduletwin localhub 1"
	lockWait   = time.Second // for another hub to end
)

// Where the file says what it is.
const (
	formatBucket = "hub"
	formatKey    = "format"
)

// ErrInUse says that another hub keeps its data in the same folder.
var ErrInUse = errors.New("another local hub is using this folder")

// ErrUnusable says that the file is damaged, not a hub's, or out of reach.
var ErrUnusable = errors.New("cannot be used and is left as it is")

// Open opens the file in folder, or makes both. check reads all records
// before the file may be written to; a file that it refuses, that is damaged or
// not the hub's is left as it is.
func Open(folder string, check func(View) error) (*Store, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(folder, FileName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := makeFile(path); err != nil {
			return nil, err
		}
	}
	s, err := openFile(path, check)
	if err == nil {
		removeDrafts(folder)
	}
	return s, err
}

// drafts are the names of files that are being made.
const drafts = FileName + ".*.new"

// removeDrafts removes what hubs left that were killed while they made the
// file. One that makes it at this moment comes too late in any case.
func removeDrafts(folder string) {
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		if isDraft, _ := filepath.Match(drafts, entry.Name()); isDraft {
			os.Remove(filepath.Join(folder, entry.Name()))
		}
	}
}

// makeFile makes the file beside its place and puts it there when it is
// done, unless someone else was faster.
func makeFile(path string) error {
	draft, err := os.CreateTemp(filepath.Dir(path), drafts)
	if err != nil {
		return err
	}
	draft.Close()
	defer os.Remove(draft.Name())
	s, err := openUnchecked(draft.Name())
	if err != nil {
		return err
	}
	err = s.Save(Record{formatBucket, formatKey, []byte(fileFormat)})
	if err := errors.Join(err, s.db.Close()); err != nil {
		return err
	}
	err = os.Link(draft.Name(), path)
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrExist), errors.Is(err, fs.ErrNotExist): // who was faster may have removed this draft
	default:
		return os.Rename(draft.Name(), path) // a file system without links
	}
	return nil
}

// openFile opens a file that has to be the hub's and in order.
func openFile(path string, check func(View) error) (s *Store, err error) {
	defer func() {
		if err != nil && !errors.Is(err, ErrInUse) {
			err = fmt.Errorf("%s %w: %w", path, ErrUnusable, err)
		}
	}()
	// A damaged file makes bbolt panic, or reach for pages beyond its end.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			s, err = nil, fmt.Errorf("it is damaged: %v", p)
		}
	}()
	if err := checkFile(path, check); err != nil {
		return nil, err
	}
	return openUnchecked(path)
}

func openUnchecked(path string) (*Store, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, FreelistType: bbolt.FreelistMapType})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, ErrInUse
	}
	if err != nil {
		return nil, err
	}
	return &Store{db: db, leading: make(chan struct{}, 1)}, nil
}

// checkFile reads the whole file, without the right to change it.
func checkFile(path string, check func(View) error) (err error) {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return errors.New("it is empty")
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
		if tx.Size() > info.Size() {
			return errors.New("its end is missing")
		}
		if view := (View{tx}); string(view.Get(formatBucket, formatKey)) != fileFormat {
			return errors.New("it is not a file of this program, or of another version of it")
		}
		return check(View{tx})
	})
}
