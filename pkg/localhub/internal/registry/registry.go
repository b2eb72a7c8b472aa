// Package registry is the hub's state and all that can be done with it: the
// identities of devices and modules, their twins, stored subscriptions and
// connections. Protocols translate requests into its operations. What it has
// acknowledged is kept by package store.
//
// # Locks
//
// Every device and module is an entity with a lock of its own. Locks are
// taken in the order device, module, index; whoever holds those of several
// modules of a device, to delete it, holds that of the device. Those of several
// devices are held only to forget all sessions, in the order of their ids.
// Below them come the lock of a connection, then those of the faults and the
// events.
//
// A change of an entity keeps its lock until it is stored and announced to its
// connection and in the events, so everybody sees changes in the same order.
// Creating a module, and signing in as one, keeps the lock of the device as
// well; other devices never wait. Identities and twins are never changed in
// place, so what an operation returns can be read without a lock.
package registry

import (
	"sync"

	"moduletwin/pkg/localhub/event"
	"moduletwin/pkg/localhub/internal/store"
)

// maxModules is how many a device may have.
const maxModules = 50

// Registry holds the devices and modules. Its methods may be called from
// several goroutines at once.
type Registry struct {
	Events *event.Stream // where all changes are published; nil for nowhere. It is set before the first use

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

// find is lock for where absence is an error. A module on a device that does
// not exist is reported as the lack of the device.
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

// enter puts e into the index, unless its place is taken.
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

// all returns the entities that ok returns true for.
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
