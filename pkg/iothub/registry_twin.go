package iothub

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"

	"moduletwin/pkg/internal/mergepatch"
)

// GetModuleTwin reads the twin of a module. It needs Service Connect.
//
// See https://learn.microsoft.com/rest/api/iothub/service/modules/get-twin.
func (r *Registry) GetModuleTwin(ctx context.Context, deviceID, moduleID string) (Twin, error) {
	return do[Twin](ctx, r, moduleTwinOperation("get", http.MethodGet, deviceID, moduleID))
}

// UpdateModuleTwin merges patch into the twin of a module and returns the
// whole twin as it is then. With an etag, the twin has to have that ETag, or
// the error matches [ErrPreconditionFailed]; with "", it is updated whatever it
// is. It needs Service Connect.
//
// See https://learn.microsoft.com/rest/api/iothub/service/modules/update-twin.
func (r *Registry) UpdateModuleTwin(ctx context.Context, deviceID, moduleID string, patch TwinPatch, etag string) (Twin, error) {
	return r.updateTwin(ctx, moduleTwinOperation("update", http.MethodPatch, deviceID, moduleID), patch, etag)
}

// ReplaceModuleTwin puts the tags and desired properties of twin, both
// whole, in place of those of a module's twin: what is not in it, is gone.
// etag and result are as in [Registry.UpdateModuleTwin].
//
// See https://learn.microsoft.com/rest/api/iothub/service/modules/replace-twin.
func (r *Registry) ReplaceModuleTwin(ctx context.Context, deviceID, moduleID string, twin TwinPatch, etag string) (Twin, error) {
	return r.replaceTwin(ctx, moduleTwinOperation("replace", http.MethodPut, deviceID, moduleID), twin, etag)
}

// GetDeviceTwin reads the twin of a device. It needs Service Connect.
//
// See https://learn.microsoft.com/rest/api/iothub/service/devices/get-twin.
func (r *Registry) GetDeviceTwin(ctx context.Context, deviceID string) (Twin, error) {
	return do[Twin](ctx, r, deviceTwinOperation("get", http.MethodGet, deviceID))
}

// UpdateDeviceTwin is [Registry.UpdateModuleTwin] for the twin of a device.
//
// See https://learn.microsoft.com/rest/api/iothub/service/devices/update-twin.
func (r *Registry) UpdateDeviceTwin(ctx context.Context, deviceID string, patch TwinPatch, etag string) (Twin, error) {
	return r.updateTwin(ctx, deviceTwinOperation("update", http.MethodPatch, deviceID), patch, etag)
}

// ReplaceDeviceTwin is [Registry.ReplaceModuleTwin] for the twin of a device.
//
// See https://learn.microsoft.com/rest/api/iothub/service/devices/replace-twin.
func (r *Registry) ReplaceDeviceTwin(ctx context.Context, deviceID string, twin TwinPatch, etag string) (Twin, error) {
	return r.replaceTwin(ctx, deviceTwinOperation("replace", http.MethodPut, deviceID), twin, etag)
}

func (r *Registry) updateTwin(ctx context.Context, update operation, patch TwinPatch, etag string) (Twin, error) {
	wanted, err := asDecoded(patch)
	if err != nil {
		return Twin{}, invalidf("iothub: %s: %w", update.name, err)
	}
	update.body, update.ifMatch = patch, ifETag(etag)
	update.carriedOut = ofBody(func(now Twin) bool {
		return update.changed(now.ETag) && includes(now.Tags, wanted.Tags) && includes(now.Properties.Desired, wanted.Desired)
	})
	return do[Twin](ctx, r, update)
}

func (r *Registry) replaceTwin(ctx context.Context, replace operation, twin TwinPatch, etag string) (Twin, error) {
	whole := TwinPatch{Tags: orEmpty(twin.Tags), Desired: orEmpty(twin.Desired)} // a part left out would be the hub's guess
	wanted, err := asDecoded(whole)
	if err != nil {
		return Twin{}, invalidf("iothub: %s: %w", replace.name, err)
	}
	replace.body, replace.ifMatch = whole, ifETag(etag)
	replace.carriedOut = ofBody(func(now Twin) bool {
		return replace.changed(now.ETag) && reflect.DeepEqual(orEmpty(now.Tags), wanted.Tags) &&
			reflect.DeepEqual(Properties(now.Properties.Desired.UserProperties()), wanted.Desired)
	})
	return do[Twin](ctx, r, replace)
}

// asDecoded returns patch as it comes back from the hub, say with every
// number a float64, without the names that the hub reserves for itself.
func asDecoded(patch TwinPatch) (TwinPatch, error) {
	var decoded struct {
		Tags       Properties
		Properties struct{ Desired Properties }
	}
	text, err := json.Marshal(patch)
	if err != nil {
		return TwinPatch{}, err
	}
	if err := json.Unmarshal(text, &decoded); err != nil {
		return TwinPatch{}, err
	}
	return TwinPatch{Tags: decoded.Tags, Desired: decoded.Properties.Desired.UserProperties()}, nil
}

// includes reports whether merging patch would change nothing.
func includes(properties, patch map[string]any) bool {
	return len(mergepatch.Diff(properties, mergepatch.Merge(properties, patch))) == 0
}

func orEmpty(p Properties) Properties {
	if p == nil {
		return Properties{}
	}
	return p
}
