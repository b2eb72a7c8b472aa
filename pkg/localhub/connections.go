package localhub

import (
	"context"
	"fmt"
	"time"

	"moduletwin/pkg/localhub/fault"
	"moduletwin/pkg/localhub/internal/mqtt"
	"moduletwin/pkg/localhub/internal/registry"
)

// ConnectionState is the state of a device's or module's connection.
type ConnectionState struct {
	Connected  bool
	Subscribed bool      // it is connected and subscribed to changes of desired properties
	Since      time.Time // when the connection was last made or lost; zero before the first
	RemoteAddr string    // of the client, while it is connected
	SignIns    int       // successful ones so far
	Telemetry  int       // messages received so far, wills included
}

// WaitConnection waits until ok returns true for the state of a connection, and
// returns that state. ok is called at once and after every change; if several
// changes follow each other quickly, it may see only the last one. To notice
// that a client went and came back, look at SignIns. WaitConnection also ends
// when ctx is done, with its error; when the hub is closed, with [ErrClosed];
// and when there is no such device or module, with [iothub.ErrNotFound].
func (h *Hub) WaitConnection(ctx context.Context, deviceID, moduleID string, ok func(ConnectionState) bool) (ConnectionState, error) {
	id := registry.ID{Device: deviceID, Module: moduleID}
	for {
		watched, changed, err := h.registry.Watch(id)
		if err != nil {
			return ConnectionState{}, refusal("wait for connection of "+id.String(), err)
		}
		state := newConnectionState(watched)
		if ok(state) {
			return state, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return state, fmt.Errorf("localhub: %s is %+v: %w", id, state, ctx.Err())
		case <-h.ctx.Done():
			return state, fmt.Errorf("localhub: %w", ErrClosed)
		}
	}
}

func newConnectionState(s registry.Snapshot) ConnectionState {
	state := ConnectionState{Since: s.ConnectionChanged, SignIns: s.SignIns, Telemetry: s.Telemetry}
	if s.Connection != nil {
		state.Connected = true
		_, state.Subscribed = s.Subscriptions[mqtt.FilterDesired]
		state.RemoteAddr = s.Connection.RemoteAddr().String()
	}
	return state
}

// Disconnect ends the connection of a module or, with moduleID "", of a device.
// It reports whether there was one.
func (h *Hub) Disconnect(deviceID, moduleID string) bool {
	return h.mqtt.Disconnect(registry.ID{Device: deviceID, Module: moduleID}, fault.Cut())
}

// ResetConnection is [Hub.Disconnect] with a TCP reset (RST), if the connection
// runs over TCP.
func (h *Hub) ResetConnection(deviceID, moduleID string) bool {
	return h.mqtt.Disconnect(registry.ID{Device: deviceID, Module: moduleID}, fault.CutReset())
}

// DisconnectAll is [Hub.Disconnect] for all devices and modules. It returns
// how many were connected.
func (h *Hub) DisconnectAll() int { return h.mqtt.DisconnectAll(fault.Cut()) }

// ForgetSessions forgets the stored subscriptions of all devices and modules
// and cuts their connections. When they sign in again, they find no session. An
// error means that the subscriptions are still in the hub's file and will be
// back when the hub is next started.
func (h *Hub) ForgetSessions() error {
	h.faults.Count("ForgetSessions", nil)
	if err := h.registry.ForgetSessions(); err != nil {
		return fmt.Errorf("localhub: sessions are forgotten only until the hub is started again: %w", err)
	}
	return nil
}

// ExpireTokens cuts every MQTT connection as if its token had expired, and
// refuses those same tokens from now on. (A client that signs a new token in
// the same second with the same lifetime gets the same one.)
func (h *Hub) ExpireTokens() { h.mqtt.ExpireTokens() }
