package localhub_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"moduletwin/pkg/localhub"
)

// TestForgetAtOnce checks that any number of sessions is forgotten in one
// transaction, and that nothing is written if there are none.
func TestForgetAtOnce(t *testing.T) {
	folder := t.TempDir()
	hub := startIn(t, folder)
	module := hub.AddModule("d", "m0")
	for i := range 5 {
		c, _ := signIn(t, hub, hub.AddModule("d", fmt.Sprint("m", i)))
		c.Close()
		hub.AddDevice(fmt.Sprint("without", i))
	}
	hub.Close()
	for _, want := range []uint64{1, 0} {
		before := transactions(t, folder)
		hub := startIn(t, folder)
		if err := hub.ForgetSessions(); err != nil {
			t.Fatal(err)
		}
		hub.Close()
		if n := transactions(t, folder) - before; n != want {
			t.Errorf("it took %d transactions, want %d", n, want)
		}
	}
	hub = startIn(t, folder)
	defer hub.Close()
	if _, present := signIn(t, hub, module); present {
		t.Error("a session is back")
	}
}

// transactions returns the number of transactions so far in the file of a hub
// that is not running.
func transactions(t *testing.T, folder string) (n uint64) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(folder, localhub.DataFile), 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.View(func(tx *bbolt.Tx) error {
		n = uint64(tx.ID())
		return nil
	})
	return n
}
