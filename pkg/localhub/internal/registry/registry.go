// Package registry holds the hub's state, with all operations on it: the
// identities of devices and modules, their twins, stored subscriptions and
// connections. The packages for the protocols translate requests into these
// operations. What the registry has acknowledged is stored by package store.
//
// # Locks
//
// Every device and module is an entity with a lock of its own. Locks are taken
// in the order device, module, index. Whoever holds the locks of several
// modules of a device, to delete it, also holds the lock of the device. The
// locks of several devices are held only to forget all sessions, and are taken
// in the order of the ids. The lock of a connection comes after these, followed
// by those of the faults and the events.
//
// Whoever changes an entity holds its lock until the change is stored,
// announced to its connection and published as an event, so everybody sees
// changes in the same order. Creating, deleting and signing in as a module also
// hold the lock of the device; other devices never wait. Identities and twins
// are never modified in place, so what an operation returns can be read without
// a lock.
package registry

import (
	"sync"

	"moduletwin/pkg/localhub/event"
	"moduletwin/pkg/localhub/internal/store"
)

// maxModules is how many modules a device may have.
const maxModules = 50

// Registry holds the devices and modules. Its methods may be called from
// several goroutines at once.
type Registry struct {
	Events *event.Stream // where all changes are published, nil for nowhere; must be set before the first use

	store *store.Store // nil: in memory only

	mu    sync.RWMutex // guards index
	index map[ID]*entity
}

// lock returns the entity of id with its lock held, or nil if there is none.
func (r *Registry) lock(id ID) *entity {
	r.mu.RLock()
	e := r.index[id]
	r.mu.RUnlock()
	if e == nil {
		return nil
	}
	e.mu.Lock()
	if e.identity == nil {
		e.mu.Unlock()
		return nil
	}
	return e
}

// find is lock for callers to whom absence is an error. For a module on a
// device that does not exist, the error is that the device is missing.
func (r *Registry) find(id ID) (*entity, error) {
	if e := r.lock(id); e != nil {
		return e, nil
	}
	if id.IsModule() {
		device, err := r.find(ID{Device: id.Device})
		if err != nil {
			return nil, err
		}
		device.mu.Unlock()
	}
	return nil, id.notFound()
}

// enter adds e to the index, unless its id is taken.
func (r *Registry) enter(e *entity) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.index[e.id] != nil {
		return false
	}
	r.index[e.id] = e
	return true
}

func (r *Registry) leave(e *entity) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.index, e.id)
}

// Exists reports whether a path, of the form of [ID.Path], names a device or
// module. It takes the lock of the index only, so it may be called with the
// lock of an entity held.
func (r *Registry) Exists(path []string) bool {
	id, ok := parsePath(path)
	r.mu.RLock()
	defer r.mu.RUnlock()
	return ok && r.index[id] != nil
}

// all returns the entities for whose ids ok returns true.
func (r *Registry) all(ok func(ID) bool) (found []*entity) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for id, e := range r.index {
		if ok(id) {
			found = append(found, e)
		}
	}
	return found
}
