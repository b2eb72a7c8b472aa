package iothub

import (
	"context"
	"net/http"
)

// GetModuleTwin reads the twin of a module. It needs the permission Service
// Connect.
//
// See https://learn.microsoft.com/rest/api/iothub/service/modules/get-twin.
func (r *Registry) GetModuleTwin(ctx context.Context, deviceID, moduleID string) (Twin, error) {
	return do[Twin](ctx, r, moduleTwinOperation("get", http.MethodGet, deviceID, moduleID))
}

// UpdateModuleTwin merges patch into the twin of a module and returns the whole
// updated twin. If etag is not "" and differs from the ETag of the twin, nothing
// is changed and the error matches [ErrPreconditionFailed]. It needs the
// permission Service Connect.
//
// See https://learn.microsoft.com/rest/api/iothub/service/modules/update-twin.
func (r *Registry) UpdateModuleTwin(ctx context.Context, deviceID, moduleID string, patch TwinPatch, etag string) (Twin, error) {
	return r.updateTwin(ctx, moduleTwinOperation("update", http.MethodPatch, deviceID, moduleID), patch, etag)
}

// ReplaceModuleTwin replaces all tags and desired properties of a module twin
// with those in twin. Whatever twin leaves out is removed. etag, result and
// permission are as in [Registry.UpdateModuleTwin].
//
// See https://learn.microsoft.com/rest/api/iothub/service/modules/replace-twin.
func (r *Registry) ReplaceModuleTwin(ctx context.Context, deviceID, moduleID string, twin TwinPatch, etag string) (Twin, error) {
	return r.replaceTwin(ctx, moduleTwinOperation("replace", http.MethodPut, deviceID, moduleID), twin, etag)
}

// GetDeviceTwin reads the twin of a device. It needs the permission Service
// Connect.
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
	update.carriedOut = ofBody(func(now Twin) bool { return update.changed(now.ETag) && twinUpdated(now, wanted) })
	return do[Twin](ctx, r, update)
}

func (r *Registry) replaceTwin(ctx context.Context, replace operation, twin TwinPatch, etag string) (Twin, error) {
	whole := TwinPatch{Tags: orEmpty(twin.Tags), Desired: orEmpty(twin.Desired)} // the hub would have to guess what a missing part means
	wanted, err := asDecoded(whole)
	if err != nil {
		return Twin{}, invalidf("iothub: %s: %w", replace.name, err)
	}
	replace.body, replace.ifMatch = whole, ifETag(etag)
	replace.carriedOut = ofBody(func(now Twin) bool { return replace.changed(now.ETag) && twinReplaced(now, wanted) })
	return do[Twin](ctx, r, replace)
}
