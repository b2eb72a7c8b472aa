package localhub

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub/internal/huberror"
	"moduletwin/pkg/localhub/internal/registry"
)

// AddDevice adds a device and returns its connection string. A device that
// already exists is left as it is. AddDevice panics if the hub refuses, for
// example because the id contains characters that are not allowed.
func (h *Hub) AddDevice(deviceID string) iothub.ConnectionString {
	return h.add(registry.ID{Device: deviceID})
}

// AddModule is [Hub.AddDevice] for a module. It also adds the device if that
// does not exist yet. It returns the module's connection string.
func (h *Hub) AddModule(deviceID, moduleID string) iothub.ConnectionString {
	h.AddDevice(deviceID)
	return h.add(registry.ID{Device: deviceID, Module: moduleID})
}

func (h *Hub) add(id registry.ID) iothub.ConnectionString {
	identity, err := h.registry.Create(id, registry.Settings{})
	if refused := (*huberror.Error)(nil); errors.As(err, &refused) && refused.Status == 409 {
		identity, err = h.registry.Get(id)
	}
	if err != nil {
		panic(fmt.Sprintf("localhub: add %s: %v", id, err))
	}
	return iothub.ConnectionString{
		HostName:        h.HostName(),
		DeviceID:        id.Device,
		ModuleID:        id.Module,
		SharedAccessKey: identity.Identity.Auth.Keys.PrimaryKey,
	}
}

// Identity is a device or module and the state of its connection at one moment.
type Identity struct {
	DeviceID string
	ModuleID string // "" for a device
	Disabled bool   // devices only
	ConnectionState
}

// Identities returns all devices and modules, sorted by id, each device before
// its modules.
func (h *Hub) Identities() []Identity {
	var all []Identity
	for _, s := range h.registry.All() {
		all = append(all, Identity{s.ID.Device, s.ID.Module, s.Identity.Disabled, newConnectionState(s)})
	}
	slices.SortFunc(all, func(a, b Identity) int {
		return cmp.Or(cmp.Compare(a.DeviceID, b.DeviceID), cmp.Compare(a.ModuleID, b.ModuleID))
	})
	return all
}
