package sdktest

import (
	"slices"
	"testing"

	"moduletwin/pkg/iothub"
)

// object is JSON to be sent.
type object map[string]any

// Keys in base64 that are long enough.
const (
	someKey  = "c29tZSBrZXkgb2YgYSBkZXZpY2U="
	otherKey = "YW5vdGhlciBrZXkgb2YgYSBkZXZpY2U="
)

// keys are where an identity has its keys.
const keys = "authentication.symmetricKey"

// serviceScenarios are those of the service side.
var serviceScenarios = slices.Concat(deviceIdentityScenarios, moduleIdentityScenarios,
	twinScenarios("device", ""), twinScenarios("module", "m"), failureScenarios, permissionScenarios)

// openService opens the service side. Where its SDK knows but one port, host
// names have none.
func (j *judge) openService(t testing.TB, hub iothub.ConnectionString) {
	t.Helper()
	if j.serviceAt443 {
		hub.HostName = hub.Host()
	}
	j.do(t, "openService", hub.Reveal())
}

// identity is what is sent of a device or, with a module, of a module. More
// are pairs of a name and a value.
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

// withKeys are the last arguments of identity for keys of one's own.
func withKeys(primary, secondary string) []any {
	return []any{"authentication", object{"type": "sas", "symmetricKey": object{"primaryKey": primary, "secondaryKey": secondary}}}
}

// unchanged checks that an identity is the one that it was.
func unchanged(t testing.TB, before, after any) {
	t.Helper()
	for _, path := range []string{"etag", "generationId", keys + ".primaryKey"} {
		if text(after, path) == "" || text(after, path) != text(before, path) {
			t.Errorf("%s is not what it was", path)
		}
	}
}

// hasKeys checks keys without printing them.
func hasKeys(t testing.TB, identity any, primary, secondary string) {
	t.Helper()
	if text(identity, keys+".primaryKey") != primary || text(identity, keys+".secondaryKey") != secondary {
		t.Error("the keys are others")
	}
}

// ids returns what stands at name in each element of a list.
func ids(list any, name string) (ids []string) {
	elements, _ := list.([]any)
	for _, element := range elements {
		ids = append(ids, text(element, name))
	}
	slices.Sort(ids)
	return ids
}
