package iothub

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// This file decides whether a write whose response was lost has been carried
// out, by comparing what the hub has now with what was asked for.

// ofBody turns a check of an identity or twin into a check of its JSON.
func ofBody[T any](check func(now T) bool) func(body []byte) bool {
	return func(body []byte) bool {
		var now T
		return json.Unmarshal(body, &now) == nil && check(now)
	}
}

// deviceCreated reports whether now is the device that was asked for. The hub is
// free to choose what the request left out.
func deviceCreated(now, asked Device) bool {
	asked.StatusReason = cmp.Or(asked.StatusReason, now.StatusReason)
	asked.Capabilities = cmp.Or(asked.Capabilities, now.Capabilities)
	return deviceReplaced(now, asked)
}

// deviceReplaced reports whether asked has replaced the identity. An update that
// leaves out status, authentication or scopes does not change them.
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
