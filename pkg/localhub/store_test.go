package localhub

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// TestKept stops a hub and starts another on the same folder.
func TestKept(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "folder")
	first := startIn(t, folder)
	module := first.AddModule("d", "m")
	first.AddModule("d", "gone")
	first.registry.delete(key{"d", "gone"}, func(*identity) *refusal { return nil })
	deep := json.RawMessage(strings.Repeat("[", maxArrayDepth) + strings.Repeat("]", maxArrayDepth))
	if _, err := first.PatchDesired("d", "m", map[string]any{"a": map[string]any{"b": 1}, "deep": deep}); err != nil {
		t.Fatal(err)
	}
	e := first.registry.lock(key{"d", "m"})
	first.registry.openSession(e, false)
	before := encode(e.wireTwin())
	e.mu.Unlock()
	if _, err := Start(&Options{DataDir: folder}); !errors.Is(err, ErrInUse) {
		t.Errorf("a second hub on the folder: %v, want ErrInUse", err)
	}
	first.Close()

	second := startIn(t, folder)
	defer second.Close()
	if !bytes.Equal(first.CertificatePEM(), second.CertificatePEM()) {
		t.Error("the certificate is another one")
	}
	for policy := range policies {
		if !first.ConnectionString(policy).SharedAccessKey.Equal(second.ConnectionString(policy).SharedAccessKey) {
			t.Errorf("the key of %s is another one", policy)
		}
	}
	if again := second.AddModule("d", "m"); !again.SharedAccessKey.Equal(module.SharedAccessKey) {
		t.Error("the key of the module is another one")
	}
	e = second.registry.lock(key{"d", "m"})
	defer e.mu.Unlock()
	if after := encode(e.wireTwin()); !bytes.Equal(after, before) {
		t.Errorf("the twin was %s and is %s", before, after)
	}
	if e.session == nil {
		t.Error("the session is lost")
	}
	if second.registry.index[key{"d", "gone"}] != nil {
		t.Error("a deleted module is back")
	}
	if runtime.GOOS == "windows" {
		return
	}
	if info, err := os.Stat(filepath.Join(folder, fileName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is of mode %v, %v", info.Mode(), err)
	}
}

func startIn(t testing.TB, folder string) *Hub {
	t.Helper()
	h, err := Start(&Options{DataDir: folder})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestUnusableFiles finds files in its place that it cannot use: it says so
// and leaves them as they are.
func TestUnusableFiles(t *testing.T) {
	good := t.TempDir()
	h := startIn(t, good)
	for i := range 50 {
		h.AddModule("d", fmt.Sprint(i))
	}
	h.Close()
	content, err := os.ReadFile(filepath.Join(good, fileName))
	if err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	db, err := bbolt.Open(foreign, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	foreignContent, _ := os.ReadFile(foreign)
	for name, content := range map[string][]byte{
		"empty":         {},
		"text":          []byte("hello"),
		"other bytes":   bytes.Repeat([]byte{0xa5}, 1<<16),
		"zeros":         make([]byte, 1<<16),
		"foreign":       foreignContent,
		"half":          content[:len(content)/2],
		"beginning":     content[:2*os.Getpagesize()],
		"without metas": append(make([]byte, 2*os.Getpagesize()), content[2*os.Getpagesize():]...),
	} {
		t.Run(name, func(t *testing.T) { mustRefuse(t, content, true) })
	}
	pages := rand.New(rand.NewPCG(1, 2))
	for range 30 { // a page overwritten may be one that is not in use
		broken := bytes.Clone(content)
		start := (2 + pages.IntN(len(content)/os.Getpagesize()-2)) * os.Getpagesize()
		for i := range os.Getpagesize() {
			broken[start+i] = byte(pages.Uint32())
		}
		mustRefuse(t, broken, false)
	}
}

// mustRefuse starts a hub on a file of this content. With always, that has
// to fail; if it fails, the file has to be as before.
func mustRefuse(t *testing.T, content []byte, always bool) {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, fileName)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := Start(&Options{DataDir: folder})
	if err == nil {
		h.Close()
		if always {
			t.Error("it was used")
		}
		return
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(after, content) {
		t.Errorf("it was changed (%v)", err)
	}
}

// TestRenewal keeps a certificate until it is about to expire or has to be
// good for more names.
func TestRenewal(t *testing.T) {
	folder := t.TempDir()
	s, err := openStore(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	now := time.Now()
	first, err := s.certificate(loopback, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name  string
		names []string
		now   time.Time
		same  bool
	}{
		{"the next day", loopback, now.Add(24 * time.Hour), true},
		{"another name", append([]string{"hub.example"}, loopback...), now, false},
		{"back to fewer names", loopback, now, true},
		{"a year later", loopback, now.Add(340 * 24 * time.Hour), false},
	} {
		got, err := s.certificate(row.names, row.now)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(got.authority.Raw, first.authority.Raw) != row.same {
			t.Errorf("%s: kept %v, want %v", row.name, !row.same, row.same)
		}
		first = got
	}
}

// BenchmarkStore compares the store with a bare database, for one writer and
// for 64, each writing a value of 400 bytes under a key of its own.
func BenchmarkStore(b *testing.B) {
	value := bytes.Repeat([]byte("x"), 400)
	put := func(tx *bbolt.Tx, k []byte) error {
		bucket, err := tx.CreateBucketIfNotExists(bucketTwins)
		if err != nil {
			return err
		}
		return bucket.Put(k, value)
	}
	for _, way := range []struct {
		name string
		save func(s *store, k []byte) error
	}{
		{"store", func(s *store, k []byte) error { return s.save(record{bucketTwins, k, value}) }},
		{"Update", func(s *store, k []byte) error { return s.db.Update(func(tx *bbolt.Tx) error { return put(tx, k) }) }},
		{"Batch", func(s *store, k []byte) error { return s.db.Batch(func(tx *bbolt.Tx) error { return put(tx, k) }) }},
	} {
		for _, writers := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d", way.name, writers), func(b *testing.B) {
				s, err := openStore(b.TempDir())
				if err != nil {
					b.Fatal(err)
				}
				defer s.close()
				b.ResetTimer()
				var wg sync.WaitGroup
				for w := range writers {
					wg.Go(func() {
						for i := w; i < b.N; i += writers {
							if err := way.save(s, fmt.Appendf(nil, "d/%d", w)); err != nil {
								b.Error(err)
							}
						}
					})
				}
				wg.Wait()
			})
		}
	}
}
