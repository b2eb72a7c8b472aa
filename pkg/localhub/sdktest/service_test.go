package sdktest

import (
	"slices"
	"testing"

	"moduletwin/pkg/iothub"
)

// object is a JSON object to send.
type object map[string]any

// Keys in base64 that are long enough.
const (
	someKey  = "c29tZSBrZXkgb2YgYSBkZXZpY2U="
	otherKey = "YW5vdGhlciBrZXkgb2YgYSBkZXZpY2U="
)

// keys is the path of the keys in an identity.
const keys = "authentication.symmetricKey"

// serviceScenarios are the scenarios of the service side.
var serviceScenarios = slices.Concat(deviceIdentityScenarios, moduleIdentityScenarios,
	twinScenarios("device", ""), twinScenarios("module", "m"), failureScenarios, permissionScenarios)

// openService opens the service client. If its SDK uses only port 443, the host
// name gets no port.
func (j *judge) openService(t testing.TB, hub iothub.ConnectionString) {
	t.Helper()
	if j.serviceAt443 {
		hub.HostName = hub.Host()
	}
	j.do(t, "openService", hub.Reveal())
}

// identity returns a device identity to send or, if module is not empty, a
// module identity. more alternates between names and values.
func (j *judge) identity(module string, more ...any) object {
	identity := object{"deviceId": j.device}
	if module != "" {
		identity["moduleId"] = module
	}
	for i := 0; i < len(more); i += 2 {
		identity[more[i].(string)] = more[i+1]
	}
	return identity
}

// withKeys returns arguments of identity that set its keys.
func withKeys(primary, secondary string) []any {
	return []any{"authentication", object{"type": "sas", "symmetricKey": object{"primaryKey": primary, "secondaryKey": secondary}}}
}

// unchanged checks that an identity is the same as before.
func unchanged(t testing.TB, before, after any) {
	t.Helper()
	for _, path := range []string{"etag", "generationId", keys + ".primaryKey"} {
		if text(after, path) == "" || text(after, path) != text(before, path) {
			t.Errorf("%s has changed", path)
		}
	}
}

// hasKeys checks keys without printing them.
func hasKeys(t testing.TB, identity any, primary, secondary string) {
	t.Helper()
	if text(identity, keys+".primaryKey") != primary || text(identity, keys+".secondaryKey") != secondary {
		t.Error("the keys are wrong")
	}
}

// ids returns the values of name in the elements of a list, sorted.
func ids(list any, name string) (ids []string) {
	elements, _ := list.([]any)
	for _, element := range elements {
		ids = append(ids, text(element, name))
	}
	slices.Sort(ids)
	return ids
}
