package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// FileName is the name of the file in its folder.
const FileName = "hub.db"

const (
	fileFormat = "moduletwin localhub 2"
	lockWait   = time.Second // for another hub to end
)

// The record that says what kind of file it is.
const (
	formatBucket = "hub"
	formatKey    = "format"
)

// ErrInUse says that another hub keeps its data in the same folder.
var ErrInUse = errors.New("another local hub is using this folder")

// ErrUnusable says that the file is damaged, is not a hub's file, or cannot be
// accessed.
var ErrUnusable = errors.New("the hub's file cannot be used and is left as it is")

// Open opens the file in folder, and creates both if they do not exist. check
// reads all records before the file may be written to. A file that check
// refuses, that is damaged or that is not a hub's is left as it is. broken, if
// not nil, is called once if the file is found to be damaged later; from then
// on, nothing is written.
func Open(folder string, check func(View) error, broken func(error)) (*Store, error) {
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
	if err != nil {
		return nil, err
	}
	if broken != nil {
		s.onBroken = broken
	}
	removeDrafts(folder)
	return s, nil
}

// drafts is the pattern for the names of files that are still being created.
const drafts = FileName + ".*.new"

// removeDrafts removes the drafts of hubs that were killed while they created
// the file. It may also remove the draft of a hub that is creating the file
// right now, which does no harm: that hub is too late in any case.
func removeDrafts(folder string) {
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		if isDraft, _ := filepath.Match(drafts, entry.Name()); isDraft {
			os.Remove(filepath.Join(folder, entry.Name()))
		}
	}
}

// makeFile creates the file under another name and gives it its own when it is
// complete, unless another hub was faster.
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
	case errors.Is(err, fs.ErrExist), errors.Is(err, fs.ErrNotExist): // another hub was faster, and may have removed this draft
	default:
		return os.Rename(draft.Name(), path) // the file system has no hard links
	}
	return nil
}

// openFile opens a file that must be a hub's and undamaged.
func openFile(path string, check func(View) error) (s *Store, err error) {
	err = catchDamage(func() error {
		if err := checkFile(path, check); err != nil {
			return err
		}
		s, err = openUnchecked(path)
		return err
	})
	if err != nil && !errors.Is(err, ErrInUse) {
		err = fmt.Errorf("%w: %s: %w", ErrUnusable, path, err)
	}
	return s, err
}

func openUnchecked(path string) (*Store, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, FreelistType: bbolt.FreelistMapType})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, ErrInUse
	}
	if err != nil {
		return nil, err
	}
	return &Store{db: db, onBroken: func(error) {}, leading: make(chan struct{}, 1)}, nil
}
