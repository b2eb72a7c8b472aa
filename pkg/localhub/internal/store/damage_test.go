package store

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var damageStep = flag.Int("damage.step", 5, "of the damages to a file, try only each of so many")

// contents are the values in a store, by bucket and key.
type contents map[[2]string]string

func (c contents) save(t testing.TB, s *Store, records ...Record) {
	t.Helper()
	if err := s.Save(records...); err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if r.Value == nil {
			delete(c, [2]string{r.Bucket, r.Key})
		} else {
			c[[2]string{r.Bucket, r.Key}] = string(r.Value)
		}
	}
}

func read(s *Store) (contents, error) {
	all := contents{}
	err := s.Read(func(v View) error {
		for _, bucket := range []string{"identities", "twins", "long"} {
			err := v.ForEach(bucket, func(key string, value []byte) error {
				all[[2]string{bucket, key}] = string(value)
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

// wellUsed returns a file with branches, long values and free pages, and what
// is in it.
func wellUsed(t testing.TB) ([]byte, contents) {
	t.Helper()
	folder := t.TempDir()
	s, err := Open(folder, accept, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := contents{}
	for i := range 40 {
		var records []Record
		for j := range 10 {
			key := fmt.Sprintf("device-%d/%d", i, j)
			records = append(records,
				Record{"identities", key, bytes.Repeat([]byte{'i'}, 100)},
				Record{"twins", key, fmt.Appendf(nil, "%d %s", j, bytes.Repeat([]byte{'t'}, 200))})
		}
		all.save(t, s, records...)
	}
	for i := range 4 {
		all.save(t, s, Record{"long", fmt.Sprint(i), bytes.Repeat([]byte{byte('0' + i)}, 10_000)})
	}
	for i := range 10 {
		for j := range 10 {
			key := fmt.Sprintf("device-%d/%d", 3*i, j)
			all.save(t, s, Record{"identities", key, nil}, Record{"twins", key, nil})
		}
	}
	s.Close()
	content, err := os.ReadFile(filepath.Join(folder, FileName))
	if err != nil {
		t.Fatal(err)
	}
	return content, all
}

// damage is one thing that can happen to a file.
type damage struct {
	kind, name string
	file       []byte
	endless    bool // bbolt may follow it without end
}

// damages lists what can happen to a file that is good, or each damageStep-th
// of it.
func damages(t testing.TB, good []byte) (some []damage) {
	for i, d := range allDamages(t, good) {
		if i%*damageStep == 0 {
			some = append(some, d)
		}
	}
	return some
}

func allDamages(t testing.TB, good []byte) (all []damage) {
	m, err := readMetas(bytes.NewReader(good))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	size := int(m.pageSize)
	change := func(kind, name string, at int, b ...byte) {
		file := bytes.Clone(good)
		copy(file[at:], b)
		endless := strings.Contains(name, "noise") || strings.Contains(name, "endless") || kind == "branch" || kind == "bit"
		all = append(all, damage{kind, fmt.Sprintf("%s at %d", name, at), file, endless})
	}
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	number := func(n uint64) []byte { return order.AppendUint64(nil, n) }

	for page := range int(m.end) {
		at := page * size
		change("page", "noise", at, noise(size)...)
		change("page", "zeros", at, make([]byte, size)...)
		change("page", "another page", at, good[(page+5)%int(m.end)*size:][:size]...)
		header := pageHeader(good[at:])
		change("header", "number", at, byte(page+1))
		change("header", "kind", at+8, byte(header.kind()^3))
		change("header", "count less", at+10, order.AppendUint16(nil, uint16(header.count()-1))...)
		change("header", "count more", at+10, order.AppendUint16(nil, uint16(header.count()+1))...)
		change("header", "longer", at+12, 1)
		change("header", "endless", at+12, 0xff, 0xff, 0xff, 0xff)
		change("truncated", "before a page", 0)
		all[len(all)-1].file = good[:at]
		change("truncated", "in a page", 0)
		all[len(all)-1].file = good[:at+size/3]
	}
	list := int(m.freeList) * size
	count := pageHeader(good[list:]).count()
	free := make(map[uint64]bool)
	for i := range count {
		at := list + headerSize + 8*i
		free[order.Uint64(good[at:])] = true
		change("free list", "a used page", at, number(m.root)...)
		change("free list", "itself", at, number(m.freeList)...)
		change("free list", "twice the same", at, good[list+headerSize+8*((i+1)%count):][:8]...)
		for _, n := range []uint64{0, 1, m.end, 1 << 40, 1<<64 - 1} {
			change("free list", fmt.Sprint(n), at, number(n)...)
		}
	}
	change("free list", "a long list", list+10, 0xff, 0xff)
	change("free list", "an endless list", list+10, append([]byte{0xff, 0xff, 0, 0, 0, 0}, number(1<<60)...)...)
	for page := range m.end {
		if free[page] {
			continue
		}
		node := pageHeader(good[int(page)*size:])
		for i := range node.count() {
			at := int(page)*size + headerSize + elementSize*i
			if node.kind() == kindBranch {
				for _, child := range []uint64{page, m.root, m.freeList, m.end, order.Uint64(good[list+headerSize:])} {
					change("branch", fmt.Sprint("child ", child), at+8, number(child)...)
				}
			}
			if node.kind() <= kindLeaf && i < 3 {
				change("element", "noise", at, noise(elementSize)...)
				change("element", "outside", at+4, 0xff, 0xff, 0xff, 0x7f)
			}
		}
	}
	for meta := range 2 {
		for at := range metaSize + 8 {
			change("meta", "a bit", meta*size+headerSize+at, good[meta*size+headerSize+at]^1<<random.IntN(8))
		}
		for at := 16; at < metaSize; at += 8 { // signed by somebody who means it
			change("signed meta", "a number", meta*size+headerSize+at, number(random.Uint64N(2*m.end))...)
			file := all[len(all)-1].file[meta*size+headerSize:]
			sum := fnv.New64a()
			sum.Write(file[:metaSize])
			order.PutUint64(file[metaSize:], sum.Sum64())
		}
	}
	for range 500 {
		at := random.IntN(int(m.end) * size)
		change("bit", "flipped", at, good[at]^1<<random.IntN(8))
	}
	all = append(all, damage{"more", "noise behind the end", append(bytes.Clone(good), noise(10_000)...), false})
	return all
}

func pageHeader(b []byte) page { return page(b[:headerSize]) }

// TestDamages damages a file in many ways. It is refused and left as it is, or
// it serves: then nothing in it is lost, nor what is kept later.
func TestDamages(t *testing.T) {
	good, want := wellUsed(t)
	outcomes := make(map[string][2]int)
	for _, d := range damages(t, good) {
		folder := t.TempDir()
		path := filepath.Join(folder, FileName)
		if err := os.WriteFile(path, d.file, 0o600); err != nil {
			t.Fatal(err)
		}
		var s *Store
		var err error
		if !ends(func() { s, err = Open(folder, accept, nil) }) {
			t.Fatalf("%s %s: it hangs", d.kind, d.name)
		}
		count := outcomes[d.kind]
		if err == nil {
			count[1]++
			mustServe(t, d, s, folder, maps.Clone(want))
		} else {
			count[0]++
			if after, _ := os.ReadFile(path); !bytes.Equal(after, d.file) {
				t.Errorf("%s %s: refused, and yet changed", d.kind, d.name)
			}
			if !errors.Is(err, ErrUnusable) {
				t.Errorf("%s %s: %v", d.kind, d.name, err)
			}
		}
		outcomes[d.kind] = count
		os.RemoveAll(folder)
	}
	for _, kind := range slices.Sorted(maps.Keys(outcomes)) {
		t.Logf("%-12s %4d refused %4d served", kind, outcomes[kind][0], outcomes[kind][1])
	}
}

// mustServe expects all of want in s, and keeps more.
func mustServe(t *testing.T, d damage, s *Store, folder string, want contents) {
	t.Helper()
	s.db.NoSync, s.db.NoGrowSync = true, true // faster
	ended := ends(func() {
		for i := range 5 {
			want.save(t, s,
				Record{"twins", fmt.Sprint("new-", i), bytes.Repeat([]byte{'n'}, 1000*i+1)},
				Record{"identities", fmt.Sprintf("device-1/%d", i), nil})
		}
		s.Close()
	})
	if !ended {
		t.Fatalf("%s %s: it hangs", d.kind, d.name)
	}
	s, err := Open(folder, accept, nil)
	if err != nil {
		t.Errorf("%s %s: served, and then refused: %v", d.kind, d.name, err)
		return
	}
	defer s.Close()
	if got, err := read(s); err != nil || !maps.Equal(got, want) {
		t.Errorf("%s %s: something is lost: %v", d.kind, d.name, err)
	}
}

// ends reports whether do ends in good time.
func ends(do func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
		return true
	case <-time.After(30 * time.Second):
		return false
	}
}
