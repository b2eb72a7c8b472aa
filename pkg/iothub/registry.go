package iothub

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"

	"moduletwin/pkg/internal/trust"
)

// Registry manages the identities of devices and modules in a hub, and reads
// and writes their twins, although only the identities are what IoT Hub calls
// its registry. It is safe for concurrent use and keeps connections open
// between calls.
//
// Every call obeys its context and takes a minute at most. If the hub throttles
// a call or answers with a 5xx, or if the connection breaks, the call is retried
// with growing pauses. A write whose response was lost is not repeated blindly:
// the registry first checks whether the hub has carried it out. If it cannot
// find out, the error matches [ErrOutcomeUnknown]. If no connection can be made,
// the call fails without a retry. A response about another device or module is
// an error.
//
// Error responses of the hub are of type [*Error]. [Hint] suggests what to do
// about them, and about network errors.
type Registry struct {
	hub    ConnectionString
	tokens tokenSource
	client http.Client
	log    *slog.Logger

	mayUseProxy bool // uses the proxy that the environment names, if any
}

// NewRegistry returns a registry for the hub whose connection string, that of a
// shared access policy, is given. It sends nothing. The connection string of a
// device or module is an error that matches [ErrInvalid].
func NewRegistry(hub ConnectionString, opts *Options) (*Registry, error) {
	if err := hub.ValidatePolicy(); err != nil {
		return nil, err
	}
	o := opts.withDefaults()
	config, err := trust.Config(hub.Host(), o.RootCAs)
	if err != nil {
		return nil, invalidf("iothub: %w", err)
	}
	return &Registry{
		hub:    hub,
		tokens: tokenSource{hub: hub, lifetime: o.TokenLifetime},
		client: http.Client{
			Transport:     newTransport(o, config),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		log:         o.Logger,
		mayUseProxy: o.DialContext == nil,
	}, nil
}

// CloseIdleConnections closes the connections that no call is using. The
// registry stays usable.
func (r *Registry) CloseIdleConnections() { r.client.CloseIdleConnections() }

// LogValue keeps the key and the token out of structured logs.
func (r *Registry) LogValue() slog.Value { return r.hub.LogValue() }

// CreateDevice creates a device identity. If device has no keys, the hub assigns
// them. If the id is taken, the error matches [ErrExists]. (After a lost
// response, an existing identity that equals device counts as created by this
// call.) It needs the permission Registry Write.
//
// See https://learn.microsoft.com/rest/api/iothub/service/devices/create-or-update-identity.
func (r *Registry) CreateDevice(ctx context.Context, device Device) (Device, error) {
	create := deviceOperation("create", http.MethodPut, device.DeviceID)
	create.body = newDeviceBody(device)
	create.carriedOut = ofBody(func(now Device) bool { return deviceCreated(now, device) })
	return do[Device](ctx, r, create)
}

// GetDevice reads a device identity, including its keys. It needs the permission
// Registry Read.
//
// See https://learn.microsoft.com/rest/api/iothub/service/devices/get-identity.
func (r *Registry) GetDevice(ctx context.Context, deviceID string) (Device, error) {
	return do[Device](ctx, r, deviceOperation("get", http.MethodGet, deviceID))
}

// UpdateDevice replaces a device identity with device. If device.ETag is set and
// differs from the ETag of the identity, the error matches
// [ErrPreconditionFailed]. If there is no such identity, it matches
// [ErrNotFound]. It needs the permission Registry Write.
//
// See https://learn.microsoft.com/rest/api/iothub/service/devices/create-or-update-identity.
func (r *Registry) UpdateDevice(ctx context.Context, device Device) (Device, error) {
	update := deviceOperation("update", http.MethodPut, device.DeviceID)
	update.body, update.ifMatch = newDeviceBody(device), ifETag(device.ETag)
	update.carriedOut = ofBody(func(now Device) bool { return update.changed(now.ETag) && deviceReplaced(now, device) })
	return do[Device](ctx, r, update)
}

// DeleteDevice deletes a device identity together with its twin and its
// modules. If etag is not "" and differs from the ETag of the identity, nothing
// is deleted and the error matches [ErrPreconditionFailed]. It needs the
// permission Registry Write.
//
// See https://learn.microsoft.com/rest/api/iothub/service/devices/delete-identity.
func (r *Registry) DeleteDevice(ctx context.Context, deviceID, etag string) error {
	remove := deviceOperation("delete", http.MethodDelete, deviceID)
	remove.ifMatch = ifETag(etag)
	_, err := r.send(ctx, remove)
	return err
}

// ListDevices returns at most 1,000 device identities, in no particular order.
// IoT Hub offers no way to ask this call for the rest. It needs the permission
// Registry Read.
//
// See https://learn.microsoft.com/rest/api/iothub/service/devices/get-devices.
func (r *Registry) ListDevices(ctx context.Context) ([]Device, error) {
	return do[[]Device](ctx, r, operation{
		name: "list devices", permission: registryRead, method: http.MethodGet,
		path: []string{"devices"}, query: url.Values{"top": {strconv.Itoa(maxListed)}},
	})
}

const maxListed = 1000

// CreateModule creates a module identity on an existing device. If module has no
// keys, the hub assigns them. If the id is taken, the error matches [ErrExists].
// A lost response is handled as in [Registry.CreateDevice]. It needs the
// permission Registry Write.
//
// See https://learn.microsoft.com/rest/api/iothub/service/modules/create-or-update-identity.
func (r *Registry) CreateModule(ctx context.Context, module Module) (Module, error) {
	create := moduleOperation("create", http.MethodPut, module.DeviceID, module.ModuleID)
	create.body = newModuleBody(module)
	create.carriedOut = ofBody(func(now Module) bool { return moduleCreated(now, module) })
	return do[Module](ctx, r, create)
}

// GetModule reads a module identity, including its keys. It needs the permission
// Registry Read.
//
// See https://learn.microsoft.com/rest/api/iothub/service/modules/get-identity.
func (r *Registry) GetModule(ctx context.Context, deviceID, moduleID string) (Module, error) {
	return do[Module](ctx, r, moduleOperation("get", http.MethodGet, deviceID, moduleID))
}

// UpdateModule replaces a module identity with module. module.ETag works as in
// [Registry.UpdateDevice]. It needs the permission Registry Write.
//
// See https://learn.microsoft.com/rest/api/iothub/service/modules/create-or-update-identity.
func (r *Registry) UpdateModule(ctx context.Context, module Module) (Module, error) {
	update := moduleOperation("update", http.MethodPut, module.DeviceID, module.ModuleID)
	update.body, update.ifMatch = newModuleBody(module), ifETag(module.ETag)
	update.carriedOut = ofBody(func(now Module) bool { return update.changed(now.ETag) && moduleReplaced(now, module) })
	return do[Module](ctx, r, update)
}

// DeleteModule deletes a module identity together with its twin. etag works as
// in [Registry.DeleteDevice]. It needs the permission Registry Write.
//
// See https://learn.microsoft.com/rest/api/iothub/service/modules/delete-identity.
func (r *Registry) DeleteModule(ctx context.Context, deviceID, moduleID, etag string) error {
	remove := moduleOperation("delete", http.MethodDelete, deviceID, moduleID)
	remove.ifMatch = ifETag(etag)
	_, err := r.send(ctx, remove)
	return err
}

// ListModules returns all module identities of a device. A device has at most
// 50. It needs the permission Registry Read.
//
// See https://learn.microsoft.com/rest/api/iothub/service/modules/get-modules-on-device.
func (r *Registry) ListModules(ctx context.Context, deviceID string) ([]Module, error) {
	list := deviceOperation("list modules of", http.MethodGet, deviceID)
	list.path = append(list.path, "modules")
	return do[[]Module](ctx, r, list)
}
