package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// A bbolt file consists of pages of the same size, numbered from 0; a long node
// takes several consecutive pages. Pages 0 and 1 hold one meta each, of the
// last two transactions. A meta says where the list of free pages and the root
// of the tree are. A node of the tree is either a branch, with keys and
// children, or a leaf, with keys and values. A value can be a tree of its own,
// called a bucket: it holds the number of the root page or, in a small bucket,
// the page itself. Numbers are in the machine's byte order.
const (
	headerSize  = 16 // of a page: number, kind, count, overflow
	elementSize = 16 // of each of the count elements that follow a node's header
	metaSize    = 56 // without the checksum that follows it
	minPageSize = 1024

	kindBranch   = 1
	kindLeaf     = 2
	kindFreeList = 16

	bucketFlag       = 1
	bucketHeaderSize = 16
	longList         = 0xffff // stands for a count that is the first number of the list

	metaMagic   = 0xed0cdaed
	metaVersion = 2
)

var order = binary.NativeEndian

// meta describes the file as a transaction has left it.
type meta struct {
	pageSize       int64
	root, freeList uint64
	end            uint64 // pages from here on are not in use
	transaction    uint64
}

// pages are the pages of a file that is being checked.
type pages struct {
	file io.ReaderAt
	meta
	used []bool // by page; includes those on the list of free pages
}

// checkPages checks that nothing that bbolt follows leads out of the file, out
// of a page or in a circle. bbolt's own check, which covers everything else,
// does not look for that: such a file would make it crash the process or never
// end.
func checkPages(file io.ReaderAt, fileSize int64) error {
	newest, err := readMetas(file)
	if err != nil {
		return err
	}
	if newest.end > uint64(fileSize/newest.pageSize) {
		return fmt.Errorf("it has %d bytes and should have %d pages of %d", fileSize, newest.end, newest.pageSize)
	}
	p := &pages{file, newest, make([]bool, newest.end)}
	if err := p.checkFreeList(newest.freeList); err != nil {
		return err
	}
	return p.checkTree(newest.root)
}

// readMetas returns the newer meta. Both have to be intact: if only the older
// one is, bbolt silently falls back to it and loses what was acknowledged last.
// A kill never leaves a meta half written, as a meta is much shorter than what
// a disk writes at once.
func readMetas(file io.ReaderAt) (newest meta, err error) {
	newest, err = readMeta(file, 0)
	if err != nil {
		return meta{}, fmt.Errorf("meta 0: %w", err)
	}
	other, err := readMeta(file, newest.pageSize)
	if err != nil {
		return meta{}, fmt.Errorf("meta 1: %w", err)
	}
	if other.pageSize != newest.pageSize {
		return meta{}, fmt.Errorf("pages of %d and of %d bytes", newest.pageSize, other.pageSize)
	}
	if other.transaction > newest.transaction {
		newest, other = other, newest
	}
	if newest.transaction != other.transaction+1 {
		return meta{}, fmt.Errorf("transaction %d after %d", newest.transaction, other.transaction)
	}
	return newest, nil
}

func readMeta(file io.ReaderAt, offset int64) (meta, error) {
	b := make([]byte, metaSize+8)
	if _, err := file.ReadAt(b, offset+headerSize); err != nil {
		return meta{}, err
	}
	sum := fnv.New64a()
	sum.Write(b[:metaSize])
	if order.Uint32(b) != metaMagic || order.Uint32(b[4:]) != metaVersion || order.Uint64(b[metaSize:]) != sum.Sum64() {
		return meta{}, errors.New("it is not a meta")
	}
	m := meta{
		pageSize:    int64(order.Uint32(b[8:])),
		root:        order.Uint64(b[16:]),
		freeList:    order.Uint64(b[32:]),
		end:         order.Uint64(b[40:]),
		transaction: order.Uint64(b[48:]),
	}
	if m.pageSize < minPageSize {
		return meta{}, fmt.Errorf("pages of %d bytes", m.pageSize)
	}
	return m, nil
}

// page is a page together with those that continue it.
type page []byte

func (p page) kind() uint16 { return order.Uint16(p[8:]) }
func (p page) count() int   { return int(order.Uint16(p[10:])) }

// use marks a page as used. A page may be used only once.
func (p *pages) use(number uint64) error {
	switch {
	case number < 2 || number >= p.end:
		return fmt.Errorf("there is no page %d", number)
	case p.used[number]:
		return fmt.Errorf("page %d is used twice", number)
	}
	p.used[number] = true
	return nil
}

// read reads a page, which must be in the file and must not be used by anything
// else.
func (p *pages) read(number uint64) (page, error) {
	if err := p.use(number); err != nil {
		return nil, err
	}
	header := make(page, headerSize)
	if _, err := p.file.ReadAt(header, int64(number)*p.pageSize); err != nil {
		return nil, err
	}
	if order.Uint64(header) != number {
		return nil, fmt.Errorf("page %d says that it is page %d", number, order.Uint64(header))
	}
	n := 1 + uint64(order.Uint32(header[12:]))
	for i := uint64(1); i < n; i++ {
		if err := p.use(number + i); err != nil {
			return nil, err
		}
	}
	whole := make(page, int64(n)*p.pageSize)
	_, err := p.file.ReadAt(whole, int64(number)*p.pageSize)
	return whole, err
}

func (p *pages) checkFreeList(number uint64) error {
	list, err := p.read(number)
	if err != nil {
		return err
	}
	count, free := uint64(list.count()), list[headerSize:]
	if count == longList {
		count, free = order.Uint64(free), free[8:]
	}
	if list.kind() != kindFreeList || count > uint64(len(free)/8) {
		return fmt.Errorf("page %d is not a list of free pages", number)
	}
	for i := range count {
		if err := p.use(order.Uint64(free[8*i:])); err != nil {
			return fmt.Errorf("the list of free pages: %w", err)
		}
	}
	return nil
}

func (p *pages) checkTree(root uint64) error {
	node, err := p.read(root)
	if err == nil {
		err = p.checkNode(node)
	}
	if err != nil {
		return fmt.Errorf("page %d: %w", root, err)
	}
	return nil
}

// checkNode checks a node and everything below it.
func (p *pages) checkNode(node page) error {
	kind, count := node.kind(), node.count()
	switch {
	case kind != kindBranch && kind != kindLeaf:
		return errors.New("it is not a node")
	case headerSize+count*elementSize > len(node), kind == kindBranch && count == 0:
		return fmt.Errorf("it cannot have %d elements", count)
	}
	for i := range count {
		check := p.checkBranch
		if kind == kindLeaf {
			check = p.checkLeaf
		}
		if err := check(node[headerSize+i*elementSize:]); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	return nil
}

// checkBranch checks the element at the beginning of b. The offset of its key
// is counted from there.
func (p *pages) checkBranch(b page) error {
	at, key := uint64(order.Uint32(b)), uint64(order.Uint32(b[4:]))
	if at+key > uint64(len(b)) {
		return errOutside
	}
	return p.checkTree(order.Uint64(b[8:]))
}

// checkLeaf checks the element at the beginning of b. The offset of its key,
// which is followed by the value, is counted from there.
func (p *pages) checkLeaf(b page) error {
	flags, at, key, value := order.Uint32(b), uint64(order.Uint32(b[4:])), uint64(order.Uint32(b[8:])), uint64(order.Uint32(b[12:]))
	if at+key+value > uint64(len(b)) {
		return errOutside
	}
	if flags&bucketFlag == 0 {
		return nil
	}
	bucket := b[at+key : at+key+value]
	switch {
	case value < bucketHeaderSize:
		return errOutside
	case order.Uint64(bucket) != 0:
		return p.checkTree(order.Uint64(bucket))
	case value < bucketHeaderSize+headerSize:
		return errOutside
	default:
		return p.checkNode(bucket[bucketHeaderSize:])
	}
}

var errOutside = errors.New("it leads out of the page")
