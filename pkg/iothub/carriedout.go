package iothub

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"moduletwin/pkg/internal/mergepatch"
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

// deviceReplaced reports whether asked has replaced the identity. If status,
// authentication or scopes were left out, it accepts any: the first two are not
// changed then, and Microsoft's documentation does not say what happens to scopes.
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

// twinUpdated reports whether patch has been merged into the twin.
func twinUpdated(now Twin, patch TwinPatch) bool {
	return includes(now.Tags, patch.Tags) && includes(now.Properties.Desired, patch.Desired)
}

// twinReplaced reports whether tags and desired properties have been replaced
// with those of whole.
func twinReplaced(now Twin, whole TwinPatch) bool {
	return reflect.DeepEqual(orEmpty(now.Tags), whole.Tags) &&
		reflect.DeepEqual(Properties(now.Properties.Desired.UserProperties()), whole.Desired)
}

// asDecoded returns patch as the hub would return it: every number is a float64,
// and the desired properties are without the names that the hub reserves for
// itself.
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
