package localhub

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"moduletwin/pkg/iothub"
)

// AddDevice adds a device and returns its connection string. A device that
// exists already stays as it is. AddDevice panics if the hub refuses, as it
// does an id with characters that it does not allow.
func (h *Hub) AddDevice(deviceID string) iothub.ConnectionString {
	return h.add(key{device: deviceID})
}

// AddModule is [Hub.AddDevice] for a module, and for its device if that does
// not exist yet. It returns the module's connection string.
func (h *Hub) AddModule(deviceID, moduleID string) iothub.ConnectionString {
	h.AddDevice(deviceID)
	return h.add(key{deviceID, moduleID})
}

func (h *Hub) add(k key) iothub.ConnectionString {
	_, refused := h.createIdentity(k, &identityWish{DeviceID: k.device, ModuleID: k.module})
	if refused != nil && refused.status != 409 {
		panic(fmt.Sprintf("localhub: add %s: %v", k, refused))
	}
	e := h.registry.lock(k)
	if e == nil {
		return iothub.ConnectionString{} // deleted a moment ago
	}
	defer e.mu.Unlock()
	return iothub.ConnectionString{
		HostName:        h.HostName(),
		DeviceID:        k.device,
		ModuleID:        k.module,
		SharedAccessKey: e.identity.Auth.Keys.Primary,
	}
}

// Twin returns the twin of a module or, with moduleID "", of a device, and
// whether there is one.
func (h *Hub) Twin(deviceID, moduleID string) (iothub.Twin, bool) {
	e := h.registry.lock(key{deviceID, moduleID})
	if e == nil {
		return iothub.Twin{}, false
	}
	wire := e.wireTwin()
	e.mu.Unlock()
	var t iothub.Twin
	if err := json.Unmarshal(encode(wire), &t); err != nil {
		panic("localhub: " + err.Error())
	}
	return t, true
}

// PatchDesired merges patch into the desired properties of a module or, with
// moduleID "", of a device, as a back end does, and returns their new
// version.
func (h *Hub) PatchDesired(deviceID, moduleID string, patch map[string]any) (version int64, err error) {
	text, err := json.Marshal(iothub.TwinPatch{Desired: patch})
	if err != nil {
		return 0, fmt.Errorf("localhub: %w", err)
	}
	k := key{deviceID, moduleID}
	update, refused := decodeTwinUpdate(text, true)
	if refused == nil {
		_, refused = h.changeTwin(k, ifMatch{}, func(e *entity, now time.Time) (*twin, map[string]any, *refusal) {
			after, refused := e.twin.updated(update, now)
			if refused == nil {
				version = after.Desired.Version
			}
			return after, update.desired, refused
		})
	}
	if refused != nil {
		return 0, fmt.Errorf("localhub: %s: %w", k, refused)
	}
	return version, nil
}

// ConnectionState is the state of a device's or module's connection.
type ConnectionState struct {
	Connected  bool
	Subscribed bool // it is connected and subscribed to changes of desired properties
	SignIns    int  // successful ones so far
	Telemetry  int  // messages received so far, wills included
}

// WaitConnection waits until ok returns true for the state of a connection, and
// returns that state. ok is called at once and after every change; of changes
// that follow each other quickly, it may see the last one only: to notice that
// a client went and came back, look at SignIns. WaitConnection ends, too, when ctx is
// done, when the hub is closed and when there is no such device or module.
func (h *Hub) WaitConnection(ctx context.Context, deviceID, moduleID string, ok func(ConnectionState) bool) (ConnectionState, error) {
	k := key{deviceID, moduleID}
	for {
		e := h.registry.lock(k)
		if e == nil {
			return ConnectionState{}, fmt.Errorf("localhub: there is no %s", k)
		}
		state, changed := e.watchLink()
		e.mu.Unlock()
		if ok(state) {
			return state, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return state, fmt.Errorf("localhub: %s is %+v: %w", k, state, ctx.Err())
		case <-h.ctx.Done():
			return state, fmt.Errorf("localhub: %w", errClosed)
		}
	}
}

// watchLink returns the state of the connection and a channel that is closed
// when it changes. The lock of e is held.
func (e *entity) watchLink() (ConnectionState, <-chan struct{}) {
	if e.changed == nil {
		e.changed = make(chan struct{})
	}
	l := e.connected()
	state := ConnectionState{Connected: l != nil, SignIns: e.signIns, Telemetry: e.telemetry}
	if l != nil {
		_, state.Subscribed = (*l.session)[filterDesired]
	}
	return state, e.changed
}
