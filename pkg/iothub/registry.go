package iothub

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"moduletwin/pkg/internal/trust"
)

// Registry manages the identities of devices and modules in a hub, and reads
// and writes their twins, although only the identities are what IoT Hub calls
// its registry. It is safe for concurrent use and keeps connections open
// between calls.
//
// Every call obeys its context, and takes a minute at most without it. A call
// that the hub throttles, that it answers with a 5xx or whose connection
// breaks is tried again with growing pauses. A write whose response was lost is
// not repeated blindly: the registry first checks whether the hub has carried
// it out; if that cannot be found out, the error matches [ErrOutcomeUnknown].
// Where no connection can be made, nothing is tried again. A response about
// another device or module than was asked for is an error.
//
// Error responses of the hub are of type [*Error]. [Hint] tells what may help
// against them, and against errors of the network.
type Registry struct {
	hub    ConnectionString
	tokens tokenSource
	client http.Client
	log    *slog.Logger

	mayUseProxy bool // uses the proxy that the environment names, if any
}

// NewRegistry returns a registry for the hub, which has to be the connection
// string of a shared access policy. It sends nothing. A string of a device or
// module gives an error that matches [ErrInvalid].
func NewRegistry(hub ConnectionString, opts *Options) (*Registry, error) {
	if hub.DeviceID != "" {
		return nil, invalidf("iothub: this is the connection string of %s; needed is that of a shared access policy (with SharedAccessKeyName)", hub.Owner())
	}
	if err := hub.Validate(); err != nil {
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

// CreateDevice creates a device identity; without keys in it, the hub assigns
// them. If the id is taken, the error matches [ErrExists]. (If the response was
// lost, an identity like device counts as the one that was created.) It needs
// Registry Write.
//
// See https://learn.microsoft.com/rest/api/iothub/service/devices/create-or-update-identity.
func (r *Registry) CreateDevice(ctx context.Context, device Device) (Device, error) {
	create := deviceOperation("create", http.MethodPut, device.DeviceID)
	create.body = newDeviceBody(device)
	create.carriedOut = ofBody(func(now Device) bool { return deviceCreated(now, device) })
	return do[Device](ctx, r, create)
}

// GetDevice reads a device identity, keys included. It needs Registry Read.
//
// See https://learn.microsoft.com/rest/api/iothub/service/devices/get-identity.
func (r *Registry) GetDevice(ctx context.Context, deviceID string) (Device, error) {
	return do[Device](ctx, r, deviceOperation("get", http.MethodGet, deviceID))
}

// UpdateDevice replaces a device identity by device. If device.ETag is set,
// it has to be that of the identity, or the error matches
// [ErrPreconditionFailed]. Where there is no identity, it matches
// [ErrNotFound]. It needs Registry Write.
//
// See https://learn.microsoft.com/rest/api/iothub/service/devices/create-or-update-identity.
func (r *Registry) UpdateDevice(ctx context.Context, device Device) (Device, error) {
	update := deviceOperation("update", http.MethodPut, device.DeviceID)
	update.body, update.ifMatch = newDeviceBody(device), ifETag(device.ETag)
	update.carriedOut = ofBody(func(now Device) bool { return update.changed(now.ETag) && deviceReplaced(now, device) })
	return do[Device](ctx, r, update)
}

// DeleteDevice deletes a device identity with its twin and its modules. With
// an etag, the identity has to have that ETag, or the error matches
// [ErrPreconditionFailed]; with "", whatever is there is deleted. It needs
// Registry Write.
//
// See https://learn.microsoft.com/rest/api/iothub/service/devices/delete-identity.
func (r *Registry) DeleteDevice(ctx context.Context, deviceID, etag string) error {
	remove := deviceOperation("delete", http.MethodDelete, deviceID)
	remove.ifMatch = ifETag(etag)
	_, err := r.send(ctx, remove)
	return err
}

// ListDevices returns device identities, in no particular order: 1,000 at
// most. This call has no way to ask for the rest. It needs Registry Read.
//
// See https://learn.microsoft.com/rest/api/iothub/service/devices/get-devices.
func (r *Registry) ListDevices(ctx context.Context) ([]Device, error) {
	return do[[]Device](ctx, r, operation{
		name: "list devices", permission: registryRead, method: http.MethodGet,
		path: []string{"devices"}, query: url.Values{"top": {strconv.Itoa(maxListed)}},
	})
}

const maxListed = 1000

// CreateModule creates a module identity on a device that exists; without
// keys in it, the hub assigns them. If the id is taken, the error matches
// [ErrExists]. A lost response is dealt with as in [Registry.CreateDevice]. It
// needs Registry Write.
//
// See https://learn.microsoft.com/rest/api/iothub/service/modules/create-or-update-identity.
func (r *Registry) CreateModule(ctx context.Context, module Module) (Module, error) {
	create := moduleOperation("create", http.MethodPut, module.DeviceID, module.ModuleID)
	create.body = newModuleBody(module)
	create.carriedOut = ofBody(func(now Module) bool { return moduleCreated(now, module) })
	return do[Module](ctx, r, create)
}

// GetModule reads a module identity, keys included. It needs Registry Read.
//
// See https://learn.microsoft.com/rest/api/iothub/service/modules/get-identity.
func (r *Registry) GetModule(ctx context.Context, deviceID, moduleID string) (Module, error) {
	return do[Module](ctx, r, moduleOperation("get", http.MethodGet, deviceID, moduleID))
}

// UpdateModule replaces a module identity by module, with its ETag as in
// [Registry.UpdateDevice]. It needs Registry Write.
//
// See https://learn.microsoft.com/rest/api/iothub/service/modules/create-or-update-identity.
func (r *Registry) UpdateModule(ctx context.Context, module Module) (Module, error) {
	update := moduleOperation("update", http.MethodPut, module.DeviceID, module.ModuleID)
	update.body, update.ifMatch = newModuleBody(module), ifETag(module.ETag)
	update.carriedOut = ofBody(func(now Module) bool { return update.changed(now.ETag) && moduleReplaced(now, module) })
	return do[Module](ctx, r, update)
}

// DeleteModule deletes a module identity with its twin. etag is as in
// [Registry.DeleteDevice]. It needs Registry Write.
//
// See https://learn.microsoft.com/rest/api/iothub/service/modules/delete-identity.
func (r *Registry) DeleteModule(ctx context.Context, deviceID, moduleID, etag string) error {
	remove := moduleOperation("delete", http.MethodDelete, deviceID, moduleID)
	remove.ifMatch = ifETag(etag)
	_, err := r.send(ctx, remove)
	return err
}

// ListModules returns the module identities of a device: all of them, for
// there are 50 at most. It needs Registry Read.
//
// See https://learn.microsoft.com/rest/api/iothub/service/modules/get-modules-on-device.
func (r *Registry) ListModules(ctx context.Context, deviceID string) ([]Module, error) {
	list := deviceOperation("list modules of", http.MethodGet, deviceID)
	list.path = append(list.path, "modules")
	return do[[]Module](ctx, r, list)
}

// ofBody turns a check of an identity or twin into one of the JSON of it.
func ofBody[T any](check func(now T) bool) func(body []byte) bool {
	return func(body []byte) bool {
		var now T
		return json.Unmarshal(body, &now) == nil && check(now)
	}
}

// deviceCreated reports whether now is the device that was asked for. What
// was left out is the hub's to choose.
func deviceCreated(now, asked Device) bool {
	asked.StatusReason = cmp.Or(asked.StatusReason, now.StatusReason)
	asked.Capabilities = cmp.Or(asked.Capabilities, now.Capabilities)
	return deviceReplaced(now, asked)
}

// deviceReplaced reports whether asked has been put in place of what was
// there. In an update, only status, authentication and scopes stay as they are
// when they are left out.
func deviceReplaced(now, asked Device) bool {
	return strings.EqualFold(now.Status, cmp.Or(asked.Status, now.Status)) &&
		now.StatusReason == asked.StatusReason &&
		now.Capabilities == asked.Capabilities &&
		now.DeviceScope == cmp.Or(asked.DeviceScope, now.DeviceScope) &&
		(asked.ParentScopes == nil || slices.Equal(now.ParentScopes, asked.ParentScopes)) &&
		authenticationIs(now.Authentication, asked.Authentication)
}

// moduleCreated is deviceCreated for modules.
func moduleCreated(now, asked Module) bool {
	asked.ManagedBy = cmp.Or(asked.ManagedBy, now.ManagedBy)
	return moduleReplaced(now, asked)
}

// moduleReplaced is deviceReplaced for modules.
func moduleReplaced(now, asked Module) bool {
	return now.ManagedBy == asked.ManagedBy && authenticationIs(now.Authentication, asked.Authentication)
}

func authenticationIs(now, asked Authentication) bool {
	keyIs := func(now, asked Key) bool { return asked.IsZero() || now.Equal(asked) }
	return now.Type == cmp.Or(asked.Type, now.Type) &&
		keyIs(now.SymmetricKey.PrimaryKey, asked.SymmetricKey.PrimaryKey) &&
		keyIs(now.SymmetricKey.SecondaryKey, asked.SymmetricKey.SecondaryKey) &&
		now.X509Thumbprint == cmp.Or(asked.X509Thumbprint, now.X509Thumbprint)
}
