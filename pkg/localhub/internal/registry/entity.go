package registry

import (
	"sync"
	"time"

	"moduletwin/pkg/localhub/internal/twin"
)

// entity is a device or a module, with its identity, twin and connection.
type entity struct {
	id ID

	mu       sync.Mutex // guards the rest
	identity *Identity  // nil before it is created and once it is deleted
	twin     *twin.Twin
	modules  map[string]*entity // of a device

	connection    Connection    // the latest one, until it leaves; see connected
	subscriptions Subscriptions // of the connection, and of the next ones if the session is persistent
	persistent    bool          // whether the session is persistent

	signIns           int
	telemetry         int
	connectionChanged time.Time     // when connection was last set or removed
	lastActive        time.Time     // when it last sent telemetry or reported properties
	changed           chan struct{} // closed at the next change of the connection's state; nil if nobody waits
}

func (e *entity) addModule(module *entity) {
	if e.modules == nil {
		e.modules = make(map[string]*entity)
	}
	e.modules[module.id.Module] = module
}

// connected returns the connection, or nil if there is none. A connection that
// has ended does not count, even if it has not left yet. The caller holds the
// lock of e.
func (e *entity) connected() Connection {
	if e.connection == nil || e.connection.Ended() {
		return nil
	}
	return e.connection
}

// cut ends the connection, if there is one. The caller holds the lock of e.
func (e *entity) cut(reason string) {
	if c := e.connected(); c != nil {
		c.Cut(reason)
		e.wakeWatchers()
	}
}

// cutWithModules cuts a device and its modules. The caller holds the lock of e.
func (e *entity) cutWithModules(reason string) {
	e.cut(reason)
	for _, module := range e.modules {
		module.mu.Lock()
		module.cut(reason)
		module.mu.Unlock()
	}
}

// wakeWatchers wakes those who wait for a change of the connection's state. The
// caller holds the lock of e.
func (e *entity) wakeWatchers() {
	if e.changed != nil {
		close(e.changed)
		e.changed = nil
	}
}

// Snapshot is the state of a device or module at one moment.
type Snapshot struct {
	ID                ID
	Identity          *Identity     // must not be modified
	Twin              *twin.Twin    // must not be modified
	Connection        Connection    // nil if there is none
	Subscriptions     Subscriptions // of the connection, and of the next ones if the session is persistent
	ConnectionChanged time.Time
	LastActive        time.Time
	SignIns           int // successful ones so far
	Telemetry         int // messages so far, wills included
}

// snapshot returns the current state of e. The caller holds the lock of e.
func (e *entity) snapshot() Snapshot {
	return Snapshot{e.id, e.identity, e.twin, e.connected(), e.subscriptions, e.connectionChanged, e.lastActive, e.signIns, e.telemetry}
}

// snapshots returns the current states of entities, without those that were
// deleted meanwhile.
func snapshots(entities []*entity) (all []Snapshot) {
	for _, e := range entities {
		e.mu.Lock()
		if e.identity != nil {
			all = append(all, e.snapshot())
		}
		e.mu.Unlock()
	}
	return all
}
