package registry

import (
	"fmt"
	"net"
	"slices"
	"time"
)

// Connection is the connection of a device or module that has signed in. Its
// methods are called with locks held: they must neither block nor call the
// registry.
type Connection interface {
	// Notify announces a change of the desired properties, which led to
	// version, if subscriptions include such changes. missed says why it
	// did not, "" if it did.
	Notify(subscriptions Subscriptions, patch map[string]any, version int64) (missed string)

	// Cut ends the connection. Only the first reason counts.
	Cut(reason string)

	// Ended reports whether the connection has ended, for whatever reason.
	Ended() bool

	// RemoteAddr returns the client's address.
	RemoteAddr() net.Addr
}

// Subscriptions are the topic filters that a client has subscribed to, each
// with the QoS that was granted. They are never modified in place.
type Subscriptions map[string]byte

// SignIn connects a device or module. allow gets the current identity and may
// refuse. An earlier connection is cut, and returned as replaced. Stored
// subscriptions are restored unless clean is set. accept is called with the new
// client before anything else can reach the connection, so what accept sends
// comes first.
func (r *Registry) SignIn(id ID, connection Connection, clean bool, allow func(*Identity) error, accept func(client *Client, sessionPresent bool)) (replaced Connection, err error) {
	device, err := r.find(ID{Device: id.Device})
	if err != nil {
		return nil, err
	}
	defer device.mu.Unlock()
	e := device
	if id.IsModule() {
		if e = r.lock(id); e == nil {
			return nil, id.notFound()
		}
		defer e.mu.Unlock()
	}
	if err := allow(e.identity); err != nil {
		return nil, err
	}
	if device.identity.Disabled {
		return nil, fmt.Errorf("device %q is disabled", id.Device)
	}
	present, err := r.openSession(e, clean)
	if err != nil {
		return nil, err
	}
	replaced = e.connection
	e.cut(fmt.Sprintf("another client signed in with the same identity, from %v", connection.RemoteAddr()))
	e.connection, e.connectionChanged = connection, time.Now()
	e.signIns++
	accept(&Client{r, e, connection}, present)
	e.wakeWatchers()
	return replaced, nil
}

// openSession prepares the subscriptions for a new connection and reports
// whether they are those of an earlier session. The caller holds the lock of e.
func (r *Registry) openSession(e *entity, clean bool) (present bool, err error) {
	if !clean && e.persistent {
		return true, nil
	}
	fresh := Subscriptions{}
	if !clean || e.persistent {
		kept := record{bucketSessions, e.id, fresh}
		if clean {
			kept.value = nil
		}
		if err := r.save(kept); err != nil {
			return false, err
		}
	}
	e.subscriptions, e.persistent = fresh, !clean
	return false, nil
}

// ForgetSessions forgets all sessions and cuts all connections. It holds all
// locks until this is stored, so that no session that begins meanwhile is lost
// with the old ones.
func (r *Registry) ForgetSessions() error {
	all := r.all(func(ID) bool { return true })
	slices.SortFunc(all, byID) // devices before their modules
	var stored []record
	for _, e := range all {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.persistent {
			stored = append(stored, record{bucketSessions, e.id, nil})
		}
		e.subscriptions, e.persistent = Subscriptions{}, false
		e.cut("sessions are forgotten")
	}
	return r.save(stored...)
}
