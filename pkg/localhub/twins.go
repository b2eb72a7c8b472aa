package localhub

import (
	"encoding/json"
	"fmt"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub/internal/registry"
	"moduletwin/pkg/localhub/internal/rest"
	"moduletwin/pkg/localhub/internal/twin"
)

// Twin returns the twin of a module or, with moduleID "", of a device, and
// whether there is one.
func (h *Hub) Twin(deviceID, moduleID string) (iothub.Twin, bool) {
	snapshot, err := h.registry.Get(registry.ID{Device: deviceID, Module: moduleID})
	if err != nil {
		return iothub.Twin{}, false
	}
	var t iothub.Twin
	if err := json.Unmarshal(rest.EncodeTwin(snapshot), &t); err != nil {
		panic("localhub: " + err.Error())
	}
	return t, true
}

// PatchDesired merges patch into the desired properties of a module or, with
// moduleID "", of a device, like a back end, and returns their new version. As
// over HTTPS, "$metadata" and "$version" in patch are ignored, a nil patch
// changes nothing, and if the hub refuses, the error is an [*iothub.Error].
func (h *Hub) PatchDesired(deviceID, moduleID string, patch map[string]any) (version int64, err error) {
	text, err := json.Marshal(iothub.TwinPatch{Desired: patch})
	if err != nil {
		return 0, fmt.Errorf("localhub: %w", err)
	}
	id := registry.ID{Device: deviceID, Module: moduleID}
	var snapshot registry.Snapshot
	update, err := twin.DecodePatch(text)
	if err == nil {
		snapshot, err = h.registry.PatchTwin(id, nil, update)
	}
	if err != nil {
		return 0, refusal("patch desired properties of "+id.String(), err)
	}
	return snapshot.Twin.Desired.Version, nil
}

// CheckPatch reports whether the hub would accept patch for the twin of a
// module or, with moduleID "", of a device. It returns nil if so, and otherwise
// the [*iothub.Error] that a client would get. Nothing is changed.
func (h *Hub) CheckPatch(deviceID, moduleID string, patch iothub.TwinPatch) error {
	text, err := json.Marshal(patch)
	if err != nil {
		return fmt.Errorf("localhub: %w", err)
	}
	id := registry.ID{Device: deviceID, Module: moduleID}
	update, err := twin.DecodePatch(text)
	if err == nil {
		var snapshot registry.Snapshot
		if snapshot, err = h.registry.Get(id); err == nil {
			_, err = snapshot.Twin.Patched(update, time.Now())
		}
	}
	if err != nil {
		return refusal("check patch of "+id.String(), err)
	}
	return nil
}
