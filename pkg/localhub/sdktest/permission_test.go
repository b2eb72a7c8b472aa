package sdktest

import (
	"testing"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// TestPermissions makes every call of azure-iot-hub with every policy. What
// a policy does not carry is refused with 401.
func TestPermissions(t *testing.T) {
	t.Parallel()
	hub, service := openService(t)
	hub.AddModule("d", "m")
	type call struct {
		name      string
		arguments []any
	}
	read := []call{
		{"get_device", []any{"d"}},
		{"get_devices", nil},
		{"get_module", []any{"d", "m"}},
		{"get_modules", []any{"d"}},
	}
	write := []call{
		{"create_device_with_sas", []any{"new", "", "", "enabled"}},
		{"update_device_with_sas", []any{"new", nil, someKey, otherKey, "enabled"}},
		{"create_module_with_sas", []any{"new", "m", "", "", ""}},
		{"update_module_with_sas", []any{"new", "m", "me", nil, someKey, otherKey}},
		{"delete_module", []any{"new", "m"}},
		{"delete_device", []any{"new"}},
	}
	connect := []call{
		{"get_twin", []any{"d"}},
		{"update_twin", []any{"d", desired(object{"a": 1})}},
		{"replace_twin", []any{"d", desired(object{"a": 1})}},
		{"get_module_twin", []any{"d", "m"}},
		{"update_module_twin", []any{"d", "m", desired(object{"a": 1})}},
		{"replace_module_twin", []any{"d", "m", desired(object{"a": 1})}},
	}
	forged, unknown := hub.ConnectionString(localhub.PolicyIoTHubOwner), hub.ConnectionString(localhub.PolicyIoTHubOwner)
	forged.SharedAccessKey = iothub.NewKey(make([]byte, 32))
	unknown.SharedAccessKeyName = "owner"
	for _, row := range []struct {
		name                 string
		hub                  iothub.ConnectionString
		read, write, connect bool
	}{
		{"iothubowner", hub.ConnectionString(localhub.PolicyIoTHubOwner), true, true, true},
		{"service", hub.ConnectionString(localhub.PolicyService), false, false, true},
		{"device", hub.ConnectionString(localhub.PolicyDevice), false, false, false},
		{"registryRead", hub.ConnectionString(localhub.PolicyRegistryRead), true, false, false},
		{"registryReadWrite", hub.ConnectionString(localhub.PolicyRegistryReadWrite), true, true, false},
		{"serviceAndRegistryReadWrite", hub.ConnectionString(localhub.PolicyServiceAndRegistryReadWrite), true, true, true},
		{"wrong key", forged, false, false, false},
		{"unknown policy", unknown, false, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			service.do(t, "open", row.hub.Reveal())
			for _, group := range []struct {
				allowed bool
				calls   []call
			}{{row.read, read}, {row.write, write}, {row.connect, connect}} {
				for _, c := range group.calls {
					if group.allowed {
						service.do(t, c.name, c.arguments...)
					} else {
						service.refused(t, 401, c.name, c.arguments...)
					}
				}
			}
		})
	}
}
