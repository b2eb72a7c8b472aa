package localhub_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/internal/auth"
	"moduletwin/pkg/localhub/internal/store"
)

// TestKept stops a hub and starts another one on the same folder.
func TestKept(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "folder")
	first := startIn(t, folder)
	module := first.AddModule("d", "m")
	first.AddModule("d", "gone")
	newREST(t, first).must(204, "DELETE", "/devices/d/modules/gone", "", "If-Match: *")
	deep := json.RawMessage(strings.Repeat("[", 10) + strings.Repeat("]", 10))
	if _, err := first.PatchDesired("d", "m", map[string]any{"a": map[string]any{"b": 1}, "deep": deep}); err != nil {
		t.Fatal(err)
	}
	before, _ := first.Twin("d", "m")
	c, _ := signIn(t, first, module)
	c.subscribe(desired)
	c.Close()
	if _, err := localhub.Start(&localhub.Options{DataDir: folder}); !errors.Is(err, localhub.ErrInUse) {
		t.Errorf("a second hub on the folder: %v, want ErrInUse", err)
	}
	first.Close()

	second := startIn(t, folder)
	defer second.Close()
	if !bytes.Equal(first.CertificatePEM(), second.CertificatePEM()) {
		t.Error("the certificate has changed")
	}
	for _, policy := range auth.Policies {
		if !first.ConnectionString(policy.Name).SharedAccessKey.Equal(second.ConnectionString(policy.Name).SharedAccessKey) {
			t.Errorf("the key of %s has changed", policy.Name)
		}
	}
	if again := second.AddModule("d", "m"); !again.SharedAccessKey.Equal(module.SharedAccessKey) {
		t.Error("the key of the module has changed")
	}
	if after, _ := second.Twin("d", "m"); !reflect.DeepEqual(after, before) {
		t.Errorf("the twin was %v and is %v", before, after)
	}
	if _, found := second.Twin("d", "gone"); found {
		t.Error("a deleted module is back")
	}
	c, present := signIn(t, second, module)
	if !present {
		t.Error("the session is lost")
	}
	c.Close()
	if runtime.GOOS == "windows" {
		return
	}
	if info, err := os.Stat(filepath.Join(folder, store.FileName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, %v", info.Mode(), err)
	}
}

func startIn(t testing.TB, folder string) *localhub.Hub {
	t.Helper()
	h, err := localhub.Start(&localhub.Options{DataDir: folder})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestUnusableFiles starts hubs on files that they cannot use: they say so and
// leave the files as they are.
func TestUnusableFiles(t *testing.T) {
	good := t.TempDir()
	h := startIn(t, good)
	for i := range 50 {
		h.AddModule("d", fmt.Sprint(i))
	}
	h.Close()
	content, err := os.ReadFile(filepath.Join(good, store.FileName))
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
	for range 30 { // the overwritten page may not be in use
		broken := bytes.Clone(content)
		start := (2 + pages.IntN(len(content)/os.Getpagesize()-2)) * os.Getpagesize()
		for i := range os.Getpagesize() {
			broken[start+i] = byte(pages.Uint32())
		}
		mustRefuse(t, broken, false)
	}
}

// mustRefuse starts a hub on a file with this content. If always is set, that
// has to fail. If it fails, the file must not have changed.
func mustRefuse(t *testing.T, content []byte, always bool) {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, store.FileName)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := localhub.Start(&localhub.Options{DataDir: folder})
	if err == nil {
		h.Close()
		if always {
			t.Error("the file was used")
		}
		return
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(after, content) {
		t.Errorf("the file was changed (%v)", err)
	}
}

// TestFileDamagedWhileOpen overwrites the list of free pages while a hub is
// running. From then on, the hub refuses changes over both protocols, logs why
// once, and still answers reads and closes. A client that signs in with a new
// session is cut off, not refused for good.
func TestFileDamagedWhileOpen(t *testing.T) {
	folder := t.TempDir()
	hub, log := startLogged(t, localhub.Options{DataDir: folder})
	module, late := hub.AddModule("d", "m"), hub.AddModule("d", "late")
	c, _ := signIn(t, hub, module)
	c.subscribe("$iothub/twin/res/#")
	forgetFreePages(t, filepath.Join(folder, store.FileName))
	r := newREST(t, hub)
	for range 3 {
		r.must(500, "PATCH", "/twins/d/modules/m", `{"properties":{"desired":{"a":1}}}`)
		if topic, _ := c.request("$iothub/twin/PATCH/properties/reported/?$rid=1", `{"a":1}`); !strings.HasPrefix(topic, "$iothub/twin/res/500/") {
			t.Errorf("a report is answered at %s", topic)
		}
	}
	r.must(200, "GET", "/twins/d/modules/m", "")
	newcomer := dial(t, hub)
	newcomer.send(connect(late))
	newcomer.expectEnd()
	if twin, _ := hub.Twin("d", "m"); twin.Properties.Desired["a"] != nil || twin.Properties.Reported["a"] != nil {
		t.Errorf("a refused change has changed the twin: %v", twin.Properties)
	}
	hub.Close()
	if !strings.Contains(log.text.String(), `sign-in failed: `) {
		t.Errorf("the log does not mention the failed sign-in:\n%s", log.text.String())
	}
	if n := strings.Count(log.text.String(), "the hub refuses all changes"); n != 1 {
		t.Errorf("the log says %d times that changes are refused:\n%s", n, log.text.String())
	}
	if _, err := localhub.Start(&localhub.Options{DataDir: folder}); !errors.Is(err, localhub.ErrUnusable) {
		t.Errorf("the next start: %v", err)
	}
}

// forgetFreePages overwrites all lists of free pages in a file with zeros.
func forgetFreePages(t *testing.T, path string) {
	t.Helper()
	const kind, freeList = 8, 0x10 // the offset of a page's type, and the type of a free list
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	page := make([]byte, os.Getpagesize())
	for at := int64(0); ; at += int64(len(page)) {
		if _, err := file.ReadAt(page, at); err != nil {
			return
		}
		if page[kind] == freeList {
			if _, err := file.WriteAt(make([]byte, len(page)), at); err != nil {
				t.Fatal(err)
			}
		}
	}
}
