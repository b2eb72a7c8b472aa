package registry

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"moduletwin/pkg/localhub/event"
	"moduletwin/pkg/localhub/internal/huberror"
	"moduletwin/pkg/localhub/internal/twin"
)

// Get returns a device or module.
func (r *Registry) Get(id ID) (Snapshot, error) {
	e, err := r.find(id)
	if err != nil {
		return Snapshot{}, err
	}
	defer e.mu.Unlock()
	return e.snapshot(), nil
}

// All returns all devices and modules, in no particular order.
func (r *Registry) All() []Snapshot { return snapshots(r.all(func(ID) bool { return true })) }

// Create adds an identity with a new twin.
func (r *Registry) Create(id ID, settings Settings) (Snapshot, error) {
	if err := id.check(); err != nil {
		return Snapshot{}, err
	}
	now := time.Now()
	fresh := newIdentity(now)
	if err := settings.apply(fresh, id, now); err != nil {
		return Snapshot{}, err
	}
	var device *entity
	if id.IsModule() {
		var err error
		if device, err = r.find(ID{Device: id.Device}); err != nil {
			return Snapshot{}, err
		}
		defer device.mu.Unlock()
		if device.modules[id.Module] == nil && len(device.modules) >= maxModules {
			return Snapshot{}, huberror.TooManyModules(id.Device, maxModules)
		}
	}
	e, err := r.add(id, fresh, now)
	if err != nil {
		return Snapshot{}, err
	}
	defer e.mu.Unlock()
	if device != nil {
		device.addModule(e)
	}
	return e.snapshot(), nil
}

// add stores a new entity and returns it with the lock held.
func (r *Registry) add(id ID, identity *Identity, now time.Time) (*entity, error) {
	e := &entity{id: id}
	e.mu.Lock()
	if !r.enter(e) {
		e.mu.Unlock()
		return nil, id.alreadyExists()
	}
	var created time.Time // stays zero, "never", for the twin of a module
	if !id.IsModule() {
		created = now
	}
	fresh := twin.New(created)
	if err := r.save(record{bucketIdentities, id, identity}, record{bucketTwins, id, fresh}); err != nil {
		r.leave(e)
		e.mu.Unlock()
		return nil, err
	}
	e.identity, e.twin = identity, fresh
	r.publish(e, event.Created)
	return e, nil
}

// Update changes an identity, if match allows that. If this disables a device,
// its connection is cut, and those of its modules are as well.
func (r *Registry) Update(id ID, match Match, settings Settings) (Snapshot, error) {
	e, err := r.find(id)
	if err != nil {
		return Snapshot{}, err
	}
	defer e.mu.Unlock()
	if !match.Allows(e.identity.ETag()) {
		return Snapshot{}, huberror.PreconditionFailed("PreconditionFailed")
	}
	after := *e.identity
	after.Updates++
	if err := settings.apply(&after, id, time.Now()); err != nil {
		return Snapshot{}, err
	}
	if err := r.save(record{bucketIdentities, id, &after}); err != nil {
		return Snapshot{}, err
	}
	e.identity = &after
	r.publish(e, event.Updated)
	if after.Disabled {
		e.cutWithModules("the device was disabled")
	}
	return e.snapshot(), nil
}

// Delete removes an identity, if match allows that. Deleting a device also
// deletes its modules. The connections are cut. Without a match nothing is
// deleted, as in Azure.
func (r *Registry) Delete(id ID, match Match) error {
	device, err := r.find(ID{Device: id.Device})
	if err != nil {
		return err
	}
	defer device.mu.Unlock()
	removed := []*entity{device}
	if id.IsModule() {
		module := device.modules[id.Module]
		if module == nil {
			return id.notFound()
		}
		module.mu.Lock()
		defer module.mu.Unlock()
		removed[0] = module
	}
	switch {
	case len(match) == 0:
		return huberror.PreconditionFailed("Precondition failed: Invalid ETag")
	case !match.Allows(removed[0].identity.ETag()):
		return huberror.PreconditionFailed("PreconditionFailed")
	}
	if !id.IsModule() {
		for _, module := range device.modules {
			module.mu.Lock()
			defer module.mu.Unlock()
			removed = append(removed, module)
		}
	}
	return r.remove(device, removed)
}

// remove removes entities, which all belong to device. The caller holds their
// locks.
func (r *Registry) remove(device *entity, removed []*entity) error {
	if err := r.forget(removed); err != nil {
		return err
	}
	for _, e := range removed {
		e.identity, e.twin, e.subscriptions, e.persistent = nil, nil, nil, false
		delete(device.modules, e.id.Module)
		e.cut("the identity was deleted")
		e.wakeWatchers()
		r.leave(e)
		r.publish(e, event.Deleted)
	}
	return nil
}

// Clear removes all devices and modules.
func (r *Registry) Clear() error {
	for _, e := range r.all(func(id ID) bool { return !id.IsModule() }) {
		err := r.Delete(e.id, Match{AnyETag})
		if refused := (*huberror.Error)(nil); err != nil && !errors.As(err, &refused) { // a refusal means that it is already gone
			return err
		}
	}
	return nil
}

// Devices returns up to top devices, ordered by id.
func (r *Registry) Devices(top int) []Snapshot {
	found := r.all(func(id ID) bool { return !id.IsModule() })
	slices.SortFunc(found, byID)
	return snapshots(found[:min(top, len(found))])
}

// Modules returns the modules of a device, ordered by id.
func (r *Registry) Modules(deviceID string) ([]Snapshot, error) {
	device, err := r.find(ID{Device: deviceID})
	if err != nil {
		return nil, err
	}
	found := slices.SortedFunc(maps.Values(device.modules), byID)
	device.mu.Unlock()
	return snapshots(found), nil
}

func byID(a, b *entity) int {
	return cmp.Or(cmp.Compare(a.id.Device, b.id.Device), cmp.Compare(a.id.Module, b.id.Module))
}
