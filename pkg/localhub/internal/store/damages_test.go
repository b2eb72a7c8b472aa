package store

import (
	"bytes"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

var damageStep = flag.Int("damage.step", 5, "try only every nth damage to a file")

// damage is one thing that can happen to a file.
type damage struct {
	kind, name string
	file       []byte
	endless    bool // bbolt may follow it endlessly
}

// damages lists what can happen to a good file, or every damageStep-th of that.
func damages(t testing.TB, good []byte) (some []damage) {
	m, err := readMetas(bytes.NewReader(good))
	if err != nil {
		t.Fatal(err)
	}
	d := &damager{good: good, meta: m, size: int(m.pageSize), random: rand.New(rand.NewPCG(1, 2))}
	for page := range int(m.end) {
		d.damagePage(page)
		d.damageHeader(page)
		d.truncate(page)
	}
	free := d.damageFreeList()
	for page := range m.end {
		if !slices.Contains(free, page) {
			d.damageElements(page, free[0])
		}
	}
	d.damageMetas()
	for range 500 {
		at := d.random.IntN(int(m.end) * d.size)
		d.change("bit", "flipped", at, good[at]^1<<d.random.IntN(8))
	}
	d.add("more", "noise after the end", append(bytes.Clone(good), d.noise(10_000)...))
	step := *damageStep
	if testing.Short() {
		step *= 5
	}
	for i := 0; i < len(d.all); i += step {
		some = append(some, d.all[i])
	}
	return some
}

// damager collects damages.
type damager struct {
	good []byte
	meta
	size   int // of a page
	random *rand.Rand
	all    []damage
}

func (d *damager) add(kind, name string, file []byte) {
	endless := kind == "branch" || kind == "bit"
	for _, word := range []string{"noise", "endless", "another page"} {
		endless = endless || strings.Contains(name, word)
	}
	d.all = append(d.all, damage{kind, name, file, endless})
}

func (d *damager) change(kind, name string, at int, b ...byte) {
	file := bytes.Clone(d.good)
	copy(file[at:], b)
	d.add(kind, fmt.Sprintf("%s at %d", name, at), file)
}

func (d *damager) noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(d.random.Uint32())
	}
	return b
}

func (d *damager) damagePage(page int) {
	at, other := page*d.size, (page+5)%int(d.end)*d.size
	d.change("page", "noise", at, d.noise(d.size)...)
	d.change("page", "zeros", at, make([]byte, d.size)...)
	d.change("page", "another page", at, d.good[other:other+d.size]...)
}

func (d *damager) damageHeader(page int) {
	at := page * d.size
	header := pageHeader(d.good[at:])
	d.change("header", "number", at, byte(page+1))
	d.change("header", "kind", at+8, byte(header.kind()^3))
	d.change("header", "count less", at+10, order.AppendUint16(nil, uint16(header.count()-1))...)
	d.change("header", "count more", at+10, order.AppendUint16(nil, uint16(header.count()+1))...)
	d.change("header", "longer", at+12, 1)
	d.change("header", "endless", at+12, 0xff, 0xff, 0xff, 0xff)
}

func (d *damager) truncate(page int) {
	at := page * d.size
	d.add("truncated", fmt.Sprintf("to %d pages", page), d.good[:at])
	d.add("truncated", fmt.Sprintf("in page %d", page), d.good[:at+d.size/3])
}

// damageFreeList damages the free list and returns the pages in it.
func (d *damager) damageFreeList() (free []uint64) {
	list := int(d.freeList) * d.size
	count := pageHeader(d.good[list:]).count()
	for i := range count {
		at := list + headerSize + 8*i
		free = append(free, order.Uint64(d.good[at:]))
		next := list + headerSize + 8*((i+1)%count)
		d.change("free list", "twice the same", at, d.good[next:next+8]...)
		for _, number := range []uint64{d.root, d.freeList, 0, 1, d.end, 1 << 40, 1<<64 - 1} {
			d.change("free list", fmt.Sprint(number), at, encode(number)...)
		}
	}
	d.change("free list", "a long list", list+10, 0xff, 0xff)
	d.change("free list", "an endless list", list+10, append([]byte{0xff, 0xff, 0, 0, 0, 0}, encode(1<<60)...)...)
	return free
}

// damageElements damages the elements of a node; free is a page that is not in
// use.
func (d *damager) damageElements(page, free uint64) {
	node := pageHeader(d.good[int(page)*d.size:])
	for i := range node.count() {
		at := int(page)*d.size + headerSize + elementSize*i
		if node.kind() == kindBranch {
			for _, child := range []uint64{page, d.root, d.freeList, d.end, free} {
				d.change("branch", fmt.Sprint("child ", child), at+8, encode(child)...)
			}
		}
		if node.kind() <= kindLeaf && i < 3 {
			d.change("element", "noise", at, d.noise(elementSize)...)
			d.change("element", "outside", at+4, 0xff, 0xff, 0xff, 0x7f)
		}
	}
}

func (d *damager) damageMetas() {
	for meta := range 2 {
		start := meta*d.size + headerSize
		for at := start; at < start+metaSize+8; at++ {
			d.change("meta", "a bit", at, d.good[at]^1<<d.random.IntN(8))
		}
		for at := start + 16; at < start+metaSize; at += 8 { // with a valid checksum, as by intent
			name := "a number"
			if at == start+32 { // the free list: what is then freed may be endless
				name = "an endless free list"
			}
			d.change("signed meta", name, at, encode(d.random.Uint64N(2*d.end))...)
			sign(d.all[len(d.all)-1].file[start:])
		}
	}
}

// sign corrects the checksum of a meta.
func sign(meta []byte) {
	sum := fnv.New64a()
	sum.Write(meta[:metaSize])
	order.PutUint64(meta[metaSize:], sum.Sum64())
}

func encode(n uint64) []byte { return order.AppendUint64(nil, n) }

func pageHeader(b []byte) page { return page(b[:headerSize]) }
