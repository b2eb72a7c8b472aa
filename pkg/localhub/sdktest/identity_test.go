package sdktest

import (
	"slices"
	"strconv"
	"testing"

	"moduletwin/pkg/localhub"
)

// Keys in base64 that are long enough.
const (
	someKey  = "c29tZSBrZXkgb2YgYSBkZXZpY2U="
	otherKey = "YW5vdGhlciBrZXkgb2YgYSBkZXZpY2U="
)

// keys are where a result has the keys of an identity.
const keys = "authentication.symmetric_key"

// openService starts a hub and a driver of the service side.
func openService(t *testing.T) (*localhub.Hub, *driver) {
	t.Helper()
	hub := localhub.New(t)
	service := startDriver(t, hub, "service.py")
	service.do(t, "open", hub.ConnectionString(localhub.PolicyIoTHubOwner).Reveal())
	return hub, service
}

// TestDevices drives device identities by azure-iot-hub.
func TestDevices(t *testing.T) {
	t.Parallel()
	hub, service := openService(t)

	t.Run("create with keys of the hub's making", func(t *testing.T) {
		device := service.do(t, "create_device_with_sas", "new", "", "", "enabled")
		has(t, device, "device_id", `"new"`, "status", `"enabled"`, "connection_state", `"Disconnected"`, "authentication.type", `"sas"`,
			"cloud_to_device_message_count", "0", "capabilities.iot_edge", "false")
		primary, secondary := text(device, keys+".primary_key"), text(device, keys+".secondary_key")
		if len(primary) != 44 || len(secondary) != 44 || primary == secondary {
			t.Errorf("the keys have %d and %d characters", len(primary), len(secondary))
		}
		if len(text(device, "generation_id")) != 18 || text(device, "etag") == "" {
			t.Errorf("generation %q, etag %q", text(device, "generation_id"), text(device, "etag"))
		}
	})
	t.Run("create with keys of one's own", func(t *testing.T) {
		device := service.do(t, "create_device_with_sas", "own", someKey, otherKey, "enabled")
		if text(device, keys+".primary_key") != someKey || text(device, keys+".secondary_key") != otherKey {
			t.Error("the keys are others")
		}
	})
	t.Run("create disabled", func(t *testing.T) {
		device := service.do(t, "create_device_with_sas", "off", "", "", "disabled", false, "lost")
		has(t, device, "status", `"disabled"`, "status_reason", `"lost"`)
	})
	t.Run("create as an Edge device", func(t *testing.T) {
		device := service.do(t, "create_device_with_sas", "edge", "", "", "enabled", true)
		has(t, device, "capabilities.iot_edge", "true", "device_scope", `"ms-azure-iot-edge://edge-`+text(device, "generation_id")+`"`)
	})
	t.Run("create with thumbprints", func(t *testing.T) {
		const thumbprint = "0123456789abcdef0123456789abcdef01234567"
		device := service.do(t, "create_device_with_x509", "x509", thumbprint, thumbprint, "enabled")
		has(t, device, "authentication.type", `"selfSigned"`, "authentication.x509_thumbprint.primary_thumbprint", `"`+thumbprint+`"`)
	})
	t.Run("create with an authority", func(t *testing.T) {
		device := service.do(t, "create_device_with_certificate_authority", "authority", "enabled")
		has(t, device, "authentication.type", `"certificateAuthority"`)
	})
	t.Run("create what exists: 409, then get", func(t *testing.T) {
		created := service.do(t, "create_device_with_sas", "twice", "", "", "enabled")
		service.refused(t, 409, "create_device_with_sas", "twice", "", "", "enabled")
		got := service.do(t, "get_device", "twice")
		for _, path := range []string{"etag", "generation_id", keys + ".primary_key"} {
			if text(got, path) == "" || text(got, path) != text(created, path) {
				t.Errorf("%s is not what it was", path)
			}
		}
	})
	t.Run("get what does not exist: 404", func(t *testing.T) {
		service.refused(t, 404, "get_device", "nobody")
	})
	t.Run("key too short: 400", func(t *testing.T) {
		service.refused(t, 400, "create_device_with_sas", "short", "c2hvcnQ=", "c2hvcnQ=", "enabled")
	})
	t.Run("ids with every character that is allowed", func(t *testing.T) {
		for _, id := range []string{"a-b:c.d+e%f_g#h", "a*b?c!d(e)f,g=h@i;j$k'l", "%2F"} {
			service.do(t, "create_device_with_sas", id, "", "", "enabled")
			has(t, service.do(t, "get_device", id), "device_id", strconv.Quote(id))
			has(t, service.do(t, "get_twin", id), "device_id", strconv.Quote(id))
			service.do(t, "delete_device", id)
		}
	})
	t.Run("id with a space: 400", func(t *testing.T) {
		service.refused(t, 400, "create_device_with_sas", "a b", "", "", "enabled")
	})
	t.Run("list", func(t *testing.T) {
		hub.AddDevice("listed")
		list, _ := service.do(t, "get_devices").([]any)
		if !slices.ContainsFunc(list, func(device any) bool { return text(device, "device_id") == "listed" }) {
			t.Errorf("it is not among the %d devices", len(list))
		}
	})
	t.Run("list a few", func(t *testing.T) {
		hub.AddDevice("listed")
		if list, _ := service.do(t, "get_devices", 1).([]any); len(list) != 1 {
			t.Errorf("%d devices, want 1", len(list))
		}
	})
	t.Run("update without an etag", func(t *testing.T) {
		hub.AddDevice("update")
		device := service.do(t, "update_device_with_sas", "update", nil, someKey, otherKey, "disabled", nil, "spare")
		has(t, device, "status", `"disabled"`, "status_reason", `"spare"`)
		if text(device, keys+".primary_key") != someKey || text(device, "status_updated_time") == "" {
			t.Error("key and time are not updated")
		}
	})
	t.Run("update with the etag, then with the old one: 412", func(t *testing.T) {
		hub.AddDevice("careful")
		before := service.do(t, "get_device", "careful")
		after := service.do(t, "update_device_with_sas", "careful", text(before, "etag"), someKey, otherKey, "enabled")
		if text(after, "etag") == text(before, "etag") || text(after, "generation_id") != text(before, "generation_id") {
			t.Errorf("etag %q, then %q", text(before, "etag"), text(after, "etag"))
		}
		service.refused(t, 412, "update_device_with_sas", "careful", text(before, "etag"), someKey, otherKey, "disabled")
		has(t, service.do(t, "get_device", "careful"), "status", `"enabled"`)
	})
	t.Run("update what does not exist: 404", func(t *testing.T) {
		service.refused(t, 404, "update_device_with_sas", "nobody", nil, someKey, otherKey, "enabled")
	})
	t.Run("delete with its modules", func(t *testing.T) {
		hub.AddModule("gone", "m")
		service.do(t, "delete_device", "gone")
		service.refused(t, 404, "get_device", "gone")
		service.refused(t, 404, "get_module", "gone", "m")
		service.refused(t, 404, "delete_device", "gone")
	})
	t.Run("delete with an old etag: 412", func(t *testing.T) {
		hub.AddDevice("kept")
		service.refused(t, 412, "delete_device", "kept", "AAAAAAAAAAE=")
		service.do(t, "delete_device", "kept", text(service.do(t, "get_device", "kept"), "etag"))
	})
	t.Run("deleted and created anew: another generation", func(t *testing.T) {
		first := service.do(t, "create_device_with_sas", "again", "", "", "enabled")
		service.do(t, "delete_device", "again")
		second := service.do(t, "create_device_with_sas", "again", "", "", "enabled")
		if text(first, "generation_id") == text(second, "generation_id") {
			t.Error("the generation is the same")
		}
	})
}

// TestModules drives module identities by azure-iot-hub.
func TestModules(t *testing.T) {
	t.Parallel()
	hub, service := openService(t)
	hub.AddDevice("d")

	t.Run("create with keys of the hub's making", func(t *testing.T) {
		module := service.do(t, "create_module_with_sas", "d", "new", "", "", "")
		has(t, module, "device_id", `"d"`, "module_id", `"new"`, "connection_state", `"Disconnected"`, "authentication.type", `"sas"`)
		if len(text(module, keys+".primary_key")) != 44 || len(text(module, "generation_id")) != 18 {
			t.Error("key or generation is missing")
		}
	})
	t.Run("create with keys of one's own", func(t *testing.T) {
		module := service.do(t, "create_module_with_sas", "d", "own", "me", someKey, otherKey)
		has(t, module, "managed_by", `"me"`)
		if text(module, keys+".primary_key") != someKey || text(module, keys+".secondary_key") != otherKey {
			t.Error("the keys are others")
		}
	})
	t.Run("create what exists: 409, then get", func(t *testing.T) {
		created := service.do(t, "create_module_with_sas", "d", "twice", "", "", "")
		service.refused(t, 409, "create_module_with_sas", "d", "twice", "", "", "")
		got := service.do(t, "get_module", "d", "twice")
		for _, path := range []string{"etag", "generation_id", keys + ".primary_key"} {
			if text(got, path) == "" || text(got, path) != text(created, path) {
				t.Errorf("%s is not what it was", path)
			}
		}
	})
	t.Run("create for no device: 404", func(t *testing.T) {
		service.refused(t, 404, "create_module_with_sas", "nobody", "m", "", "", "")
	})
	t.Run("get what does not exist: 404", func(t *testing.T) {
		service.refused(t, 404, "get_module", "d", "nobody")
	})
	t.Run("list", func(t *testing.T) {
		hub.AddModule("full", "a")
		hub.AddModule("full", "b")
		var ids []string
		list, _ := service.do(t, "get_modules", "full").([]any)
		for _, module := range list {
			ids = append(ids, text(module, "module_id"))
		}
		if slices.Sort(ids); !slices.Equal(ids, []string{"a", "b"}) {
			t.Errorf("the modules are %q", ids)
		}
	})
	t.Run("one more than fifty: 413", func(t *testing.T) {
		for i := range 50 {
			hub.AddModule("crowded", strconv.Itoa(i))
		}
		service.refused(t, 413, "create_module_with_sas", "crowded", "50", "", "", "")
	})
	t.Run("update without an etag", func(t *testing.T) {
		hub.AddModule("d", "update")
		module := service.do(t, "update_module_with_sas", "d", "update", "IotEdge", nil, someKey, otherKey)
		has(t, module, "managed_by", `"IotEdge"`)
		if text(module, keys+".primary_key") != someKey {
			t.Error("the key is another")
		}
	})
	t.Run("update with the etag, then with the old one: 412", func(t *testing.T) {
		hub.AddModule("d", "careful")
		before := service.do(t, "get_module", "d", "careful")
		service.do(t, "update_module_with_sas", "d", "careful", "me", text(before, "etag"), someKey, otherKey)
		service.refused(t, 412, "update_module_with_sas", "d", "careful", "you", text(before, "etag"), someKey, otherKey)
		has(t, service.do(t, "get_module", "d", "careful"), "managed_by", `"me"`)
	})
	t.Run("delete", func(t *testing.T) {
		hub.AddModule("d", "gone")
		service.do(t, "delete_module", "d", "gone")
		service.refused(t, 404, "get_module", "d", "gone")
		service.do(t, "get_device", "d")
	})
	t.Run("delete with an old etag: 412", func(t *testing.T) {
		hub.AddModule("d", "kept")
		service.refused(t, 412, "delete_module", "d", "kept", "AAAAAAAAAAE=")
		service.do(t, "delete_module", "d", "kept", text(service.do(t, "get_module", "d", "kept"), "etag"))
	})
}
