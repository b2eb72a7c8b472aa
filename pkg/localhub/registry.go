package localhub

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"
)

// maxModules is how many a device may have.
const maxModules = 50

// registry holds the identities with all that belongs to them.
//
// Locks are taken in the order device, module, index. A change of an entity
// keeps its lock until it is stored and announced, so all see changes in one
// order; entities do not wait for each other.
type registry struct {
	store *store // nil: in memory only

	mu    sync.RWMutex // guards index
	index map[key]*entity
}

// entity is a device or a module: identity, twin, link, all in one.
type entity struct {
	key key

	mu       sync.Mutex // guards the rest
	identity *identity  // nil before it is created and once it is deleted
	twin     *twin
	session  *session           // stored subscriptions, nil if none are stored
	link     *link              // the last one, as long as it has not been left; see connected
	modules  map[string]*entity // of a device

	signIns     int
	telemetry   int
	linkChanged time.Time     // when link was last set or removed
	lastActive  time.Time     // when it last sent something of its own accord
	changed     chan struct{} // closed at the next change that a waiter may wait for; nil without waiters
}

// lock returns the entity of k with its lock held, or nil if there is none.
func (r *registry) lock(k key) *entity {
	r.mu.RLock()
	e := r.index[k]
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
func (r *registry) find(k key) (*entity, *refusal) {
	if e := r.lock(k); e != nil {
		return e, nil
	}
	if k.module != "" {
		device, missing := r.find(key{device: k.device})
		if missing != nil {
			return nil, missing
		}
		device.mu.Unlock()
	}
	return nil, refuseMissing(k)
}

// create adds an identity with a new twin and returns its entity with the
// lock held.
func (r *registry) create(k key, i *identity, now time.Time) (*entity, *refusal) {
	var device *entity
	if k.module != "" {
		var missing *refusal
		if device, missing = r.find(key{device: k.device}); missing != nil {
			return nil, missing
		}
		defer device.mu.Unlock()
		if device.modules[k.module] == nil && len(device.modules) >= maxModules {
			return nil, refuseTooManyModules(k)
		}
	}
	e := &entity{key: k}
	e.mu.Lock()
	if !r.enter(e) {
		e.mu.Unlock()
		return nil, refuseExisting(k)
	}
	fresh := newTwin(k, now)
	if err := r.store.put(k, i, fresh); err != nil {
		r.leave(e)
		e.mu.Unlock()
		return nil, refuseServer(err)
	}
	e.identity, e.twin = i, fresh
	if device != nil {
		device.add(e)
	}
	return e, nil
}

func (e *entity) add(module *entity) {
	if e.modules == nil {
		e.modules = make(map[string]*entity)
	}
	e.modules[module.key.module] = module
}

// enter puts e into the index, unless its place is taken.
func (r *registry) enter(e *entity) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.index[e.key] != nil {
		return false
	}
	r.index[e.key] = e
	return true
}

func (r *registry) leave(e *entity) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.index, e.key)
}

// setIdentity stores and then takes over a changed identity. The lock of e
// is held.
func (r *registry) setIdentity(e *entity, i *identity) *refusal {
	if err := r.store.put(e.key, i, nil); err != nil {
		return refuseServer(err)
	}
	e.identity = i
	return nil
}

// setTwin is setIdentity for the twin.
func (r *registry) setTwin(e *entity, t *twin) *refusal {
	if err := r.store.put(e.key, nil, t); err != nil {
		return refuseServer(err)
	}
	e.twin = t
	return nil
}

// delete removes k, and with a device its modules, if the device or module
// passes check. Their connections are cut.
func (r *registry) delete(k key, check func(*identity) *refusal) *refusal {
	device, missing := r.find(key{device: k.device})
	if missing != nil {
		return missing
	}
	defer device.mu.Unlock()
	doomed := []*entity{device}
	if k.module != "" {
		module := device.modules[k.module]
		if module == nil {
			return refuseMissing(k)
		}
		module.mu.Lock()
		defer module.mu.Unlock()
		doomed[0] = module
	}
	if refused := check(doomed[0].identity); refused != nil {
		return refused
	}
	if k.module == "" {
		for _, module := range device.modules {
			module.mu.Lock()
			defer module.mu.Unlock()
			doomed = append(doomed, module)
		}
	}
	if err := r.store.remove(doomed); err != nil {
		return refuseServer(err)
	}
	for _, e := range doomed {
		e.identity, e.twin, e.session = nil, nil, nil
		delete(device.modules, e.key.module)
		e.cut("the identity was deleted")
		e.wake()
		r.leave(e)
	}
	return nil
}

// devices returns up to top devices, ordered by id.
func (r *registry) devices(top int) []*entity {
	r.mu.RLock()
	var found []*entity
	for k, e := range r.index {
		if k.module == "" {
			found = append(found, e)
		}
	}
	r.mu.RUnlock()
	slices.SortFunc(found, byID)
	return found[:min(top, len(found))]
}

// modulesOf returns the modules of a device, ordered by id.
func (r *registry) modulesOf(deviceID string) ([]*entity, *refusal) {
	device, missing := r.find(key{device: deviceID})
	if missing != nil {
		return nil, missing
	}
	defer device.mu.Unlock()
	return slices.SortedFunc(maps.Values(device.modules), byID), nil
}

func byID(a, b *entity) int {
	return cmp.Or(cmp.Compare(a.key.device, b.key.device), cmp.Compare(a.key.module, b.key.module))
}

// connected returns the connection, or nil if there is none. One that has
// ended is none, even if its goroutine has not noticed yet. The lock of e is
// held.
func (e *entity) connected() *link {
	if e.link == nil || e.link.hasEnded() {
		return nil
	}
	return e.link
}

// cut ends the connection, if there is one. The lock of e is held.
func (e *entity) cut(reason string) {
	if l := e.connected(); l != nil {
		l.cut(reason)
		e.wake()
	}
}

// wake tells those who wait that something of e has changed. The lock of e
// is held.
func (e *entity) wake() {
	if e.changed != nil {
		close(e.changed)
		e.changed = nil
	}
}

// clear forgets everything, as the loss of an in-memory hub does.
func (r *registry) clear() {
	r.mu.RLock()
	everything := slices.Collect(maps.Values(r.index))
	r.mu.RUnlock()
	for _, e := range everything {
		if e.key.module == "" {
			r.delete(e.key, func(*identity) *refusal { return nil })
		}
	}
}

// each calls do for every device and module, with its lock held.
func (r *registry) each(do func(*entity)) {
	r.mu.RLock()
	everything := slices.Collect(maps.Values(r.index))
	r.mu.RUnlock()
	for _, e := range everything {
		e.mu.Lock()
		if e.identity != nil {
			do(e)
		}
		e.mu.Unlock()
	}
}
