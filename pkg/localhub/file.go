package localhub

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
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

const (
	fileName   = "hub.db"
	fileFormat = "moduletwin localhub 1"
	lockWait   = time.Second // for another hub to end
)

// The keys in bucketHub.
var (
	keyFormat      = []byte("format")
	keyPolicies    = []byte("policies")
	keyAuthority   = []byte("authority")
	keyCertificate = []byte("certificate")
	keyServerKey   = []byte("server key")
)

// ErrInUse says that another hub keeps its data in the same folder.
var ErrInUse = errors.New("another local hub is using this folder")

// openStore opens the file in folder, or makes it. A file that is damaged or
// not the hub's is left as it is.
func openStore(folder string) (s *store, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(folder, fileName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := makeFile(path); err != nil {
			return nil, err
		}
	}
	return openFile(path)
}

// makeFile makes the file beside its place and puts it there when it is
// done, unless someone else was faster.
func makeFile(path string) error {
	draft, err := os.CreateTemp(filepath.Dir(path), fileName+".*.new")
	if err != nil {
		return err
	}
	draft.Close()
	defer os.Remove(draft.Name())
	s, err := openFileAs(draft.Name())
	if err != nil {
		return err
	}
	err = s.save(
		record{bucketHub, keyPolicies, encode(newPolicyKeys())},
		record{bucketHub, keyFormat, []byte(fileFormat)},
	)
	if err := errors.Join(err, s.db.Close()); err != nil {
		return err
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return os.Rename(draft.Name(), path) // a file system without links
	}
	return nil
}

// openFile opens a file that has to be the hub's and in order.
func openFile(path string) (s *store, err error) {
	defer func() {
		if err != nil && !errors.Is(err, ErrInUse) {
			err = fmt.Errorf("%s cannot be used and is left as it is: %w", path, err)
		}
	}()
	// A damaged file makes bbolt panic, or reach for pages beyond its end.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			s, err = nil, fmt.Errorf("it is damaged: %v", p)
		}
	}()
	if err := checkFile(path); err != nil {
		return nil, err
	}
	return openFileAs(path)
}

func openFileAs(path string) (*store, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, FreelistType: bbolt.FreelistMapType})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, ErrInUse
	}
	if err != nil {
		return nil, err
	}
	return &store{db: db, leading: make(chan struct{}, 1)}, nil
}

// checkFile reads the whole file, without the right to change it.
func checkFile(path string) (err error) {
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
		hub := tx.Bucket(bucketHub)
		if hub == nil || string(hub.Get(keyFormat)) != fileFormat {
			return errors.New("it is not a file of this program, or of another version of it")
		}
		return (&store{db: db}).load(make(map[key]*entity))
	})
}

// close gives the file back.
func (s *store) close() {
	if s != nil {
		s.db.Close()
	}
}

// policies returns the keys of policies.
func (s *store) policies() (keys map[string]keyPair, err error) {
	if s == nil {
		return newPolicyKeys(), nil
	}
	err = s.db.View(func(tx *bbolt.Tx) error {
		return json.Unmarshal(tx.Bucket(bucketHub).Get(keyPolicies), &keys)
	})
	for name := range policies {
		if err == nil && keys[name].Primary.IsZero() {
			err = fmt.Errorf("%s lacks the keys of policy %q", fileName, name)
		}
	}
	return keys, err
}

// certificate returns the one that is kept if it is still good, or else a
// new one, which is then kept.
func (s *store) certificate(names []string, now time.Time) (*certificate, error) {
	if s == nil {
		return newCertificate(names, now)
	}
	var kept *certificate
	err := s.db.View(func(tx *bbolt.Tx) (err error) {
		hub := tx.Bucket(bucketHub)
		if hub.Get(keyAuthority) == nil {
			return nil
		}
		kept, err = parseCertificate(hub.Get(keyAuthority), hub.Get(keyCertificate), hub.Get(keyServerKey))
		return err
	})
	if err != nil || kept != nil && kept.serves(names, now) {
		return kept, err
	}
	fresh, err := newCertificate(names, now)
	if err != nil {
		return nil, err
	}
	serverKey, err := x509.MarshalPKCS8PrivateKey(fresh.server.PrivateKey)
	if err != nil {
		return nil, err
	}
	return fresh, s.save(
		record{bucketHub, keyAuthority, fresh.authority.Raw},
		record{bucketHub, keyCertificate, fresh.server.Leaf.Raw},
		record{bucketHub, keyServerKey, serverKey},
	)
}

// parseCertificate reads what certificate keeps. The slices are the
// database's, so they are copied.
func parseCertificate(authority, server, serverKey []byte) (*certificate, error) {
	ca, err := x509.ParseCertificate(append([]byte{}, authority...))
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(append([]byte{}, server...))
	if err != nil {
		return nil, err
	}
	private, err := x509.ParsePKCS8PrivateKey(serverKey)
	if err != nil {
		return nil, err
	}
	if _, ok := private.(*ecdsa.PrivateKey); !ok {
		return nil, errors.New("the server's key is of another kind")
	}
	return &certificate{
		authority: ca,
		server:    tls.Certificate{Certificate: [][]byte{leaf.Raw, ca.Raw}, PrivateKey: private, Leaf: leaf},
	}, nil
}
