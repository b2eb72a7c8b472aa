package portal

import (
	"net/http"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// identityResponse is a device in the list, or a single device or module. Times
// are milliseconds since 1970, or 0 for never.
type identityResponse struct {
	Device    string             `json:"device"`
	Module    string             `json:"module,omitempty"`
	Disabled  bool               `json:"disabled,omitempty"`
	Connected bool               `json:"connected,omitempty"`
	Since     int64              `json:"since,omitempty"` // when it last connected or disconnected
	From      string             `json:"from,omitempty"`
	Count     int                `json:"count"` // of modules of a device
	Up        int                `json:"up"`    // how many of them are connected
	Modules   []identityResponse `json:"modules,omitempty"`
}

func describeIdentity(i localhub.Identity) identityResponse {
	return identityResponse{
		Device:    i.DeviceID,
		Module:    i.ModuleID,
		Disabled:  i.Disabled,
		Connected: i.Connected,
		Since:     milliseconds(i.Since),
		From:      i.RemoteAddr,
	}
}

// add counts a module of the device.
func (r *identityResponse) add(module localhub.Identity) {
	r.Count++
	if module.Connected {
		r.Up++
	}
}

func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// listDevices answers with all devices, sorted by id.
func (p *Portal) listDevices(*http.Request) (any, error) {
	list := []identityResponse{} // not nil: JSON's [], not null
	for _, identity := range p.hub.Identities() {
		if identity.ModuleID == "" {
			list = append(list, describeIdentity(identity))
		} else if last := len(list) - 1; last >= 0 && list[last].Device == identity.DeviceID {
			list[last].add(identity)
		}
	}
	return list, nil
}

// getDevice answers with a device and its modules, or with one module.
func (p *Portal) getDevice(r *http.Request) (any, error) {
	id := inQuery(r)
	var found *identityResponse
	for _, identity := range p.hub.Identities() {
		switch {
		case identity.DeviceID != id.Device:
		case identity.ModuleID == id.Module:
			response := describeIdentity(identity)
			found = &response
		case id.Module == "" && found != nil:
			found.Modules = append(found.Modules, describeIdentity(identity))
			found.add(identity)
		}
	}
	if found == nil {
		return nil, missing(id)
	}
	return found, nil
}

// createIdentity adds a device, or a module to a device.
func (p *Portal) createIdentity(r *http.Request) (any, error) {
	var id identityID
	if err := decode(r, &id); err != nil {
		return nil, err
	}
	var err error
	if id.Module == "" {
		_, err = p.registry().CreateDevice(r.Context(), iothub.Device{DeviceID: id.Device})
	} else {
		_, err = p.registry().CreateModule(r.Context(), iothub.Module{DeviceID: id.Device, ModuleID: id.Module})
	}
	return id, err
}

// changeDevice enables or disables a device, and leaves everything else as it
// is.
func (p *Portal) changeDevice(r *http.Request) (any, error) {
	var wanted struct {
		identityID
		Disabled bool `json:"disabled"`
	}
	if err := decode(r, &wanted); err != nil {
		return nil, err
	}
	device, err := p.registry().GetDevice(r.Context(), wanted.Device)
	if err != nil {
		return nil, err
	}
	device.Status = "enabled"
	if wanted.Disabled {
		device.Status = "disabled"
	}
	_, err = p.registry().UpdateDevice(r.Context(), device)
	return wanted.identityID, err
}

// deleteIdentity deletes a device with its modules, or a module.
func (p *Portal) deleteIdentity(r *http.Request) (any, error) {
	id := inQuery(r)
	if id.Module == "" {
		return id, p.registry().DeleteDevice(r.Context(), id.Device, "")
	}
	return id, p.registry().DeleteModule(r.Context(), id.Device, id.Module, "")
}
