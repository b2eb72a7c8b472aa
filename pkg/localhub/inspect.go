package localhub

import (
	"cmp"
	"slices"
	"time"

	"moduletwin/pkg/localhub/internal/registry"
)

// Identity is a device or module and its connection, as they are at one
// moment.
type Identity struct {
	DeviceID   string
	ModuleID   string // "" for a device
	Disabled   bool   // devices only
	Connected  bool
	Subscribed bool      // it is connected and subscribed to changes of desired properties
	Since      time.Time // when the connection was last made or lost; zero before the first
	RemoteAddr string    // of the client, while it is connected
}

// Identities returns all devices and modules in the order of their ids, each
// device before its modules.
func (h *Hub) Identities() []Identity {
	var all []Identity
	for _, s := range h.registry.All() {
		all = append(all, newIdentity(s))
	}
	slices.SortFunc(all, func(a, b Identity) int {
		return cmp.Or(cmp.Compare(a.DeviceID, b.DeviceID), cmp.Compare(a.ModuleID, b.ModuleID))
	})
	return all
}

func newIdentity(s registry.Snapshot) Identity {
	i := Identity{DeviceID: s.ID.Device, ModuleID: s.ID.Module, Disabled: s.Identity.Disabled, Since: s.ConnectionChanged}
	if s.Connection != nil {
		i.Connected = true
		i.Subscribed = subscribedToDesired(s.Subscriptions)
		i.RemoteAddr = s.Connection.RemoteAddr().String()
	}
	return i
}
