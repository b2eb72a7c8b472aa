package sdktest

import (
	"slices"
	"strconv"
	"testing"
)

var deviceIdentityScenarios = []scenario{
	{"create a device", func(t testing.TB, j *judge) {
		device := j.do(t, "createDevice", j.identity(""))
		has(t, device, "deviceId", strconv.Quote(j.device), "status", `"enabled"`, "connectionState", `"Disconnected"`,
			"authentication.type", `"sas"`, "cloudToDeviceMessageCount", "0", "capabilities.iotEdge", "false")
		if len(text(device, "generationId")) != 18 || text(device, "etag") == "" {
			t.Errorf("generation %q, etag %q", text(device, "generationId"), text(device, "etag"))
		}
	}},
	{"create a device with keys made by the hub", func(t testing.TB, j *judge) {
		device := j.do(t, "createDevice", j.identity(""))
		primary, secondary := text(device, keys+".primaryKey"), text(device, keys+".secondaryKey")
		if len(primary) != 44 || len(secondary) != 44 || primary == secondary {
			t.Errorf("the keys have %d and %d characters", len(primary), len(secondary))
		}
	}},
	{"create a device with given keys", func(t testing.TB, j *judge) {
		hasKeys(t, j.do(t, "createDevice", j.identity("", withKeys(someKey, otherKey)...)), someKey, otherKey)
	}},
	{"create a device that is disabled", func(t testing.TB, j *judge) {
		has(t, j.do(t, "createDevice", j.identity("", "status", "disabled")), "status", `"disabled"`)
	}},
	{"create a device with a reason for its status", func(t testing.TB, j *judge) {
		has(t, j.do(t, "createDevice", j.identity("", "status", "disabled", "statusReason", "lost")), "statusReason", `"lost"`)
	}},
	{"create an Edge device", func(t testing.TB, j *judge) {
		device := j.do(t, "createDevice", j.identity("", "capabilities", object{"iotEdge": true}))
		has(t, device, "capabilities.iotEdge", "true", "deviceScope", strconv.Quote("ms-azure-iot-edge://"+j.device+"-"+text(device, "generationId")))
	}},
	{"create a device with thumbprints", func(t testing.TB, j *judge) {
		const thumbprint = "0123456789abcdef0123456789abcdef01234567"
		device := j.do(t, "createDevice", j.identity("", "authentication", object{
			"type": "selfSigned", "x509Thumbprint": object{"primaryThumbprint": thumbprint, "secondaryThumbprint": thumbprint},
		}))
		has(t, device, "authentication.type", `"selfSigned"`, "authentication.x509Thumbprint.primaryThumbprint", strconv.Quote(thumbprint))
	}},
	{"create a device with a certificate authority", func(t testing.TB, j *judge) {
		device := j.do(t, "createDevice", j.identity("", "authentication", object{"type": "certificateAuthority"}))
		has(t, device, "authentication.type", `"certificateAuthority"`)
	}},
	{"create a device that exists: 409, then get it", func(t testing.TB, j *judge) {
		created := j.do(t, "createDevice", j.identity(""))
		j.refused(t, 409, "createDevice", j.identity(""))
		unchanged(t, created, j.do(t, "getDevice", j.device))
	}},
	{"get a device that does not exist: 404", func(t testing.TB, j *judge) {
		j.refused(t, 404, "getDevice", j.device)
	}},
	{"create a device with a key that is too short: 400", func(t testing.TB, j *judge) {
		j.refused(t, 400, "createDevice", j.identity("", withKeys("c2hvcnQ=", "c2hvcnQ=")...))
	}},
	{"a device id with a space: 400", func(t testing.TB, j *judge) {
		j.device = "a b"
		j.refused(t, 400, "createDevice", j.identity(""))
	}},
	{"ids with characters that need no escape", func(t testing.TB, j *judge) {
		liveThrough(t, j, "a-b:c.d+e_f", "a*b!c(d)e,f=g@h;j$k'l")
	}},
	{"ids with characters that need an escape", func(t testing.TB, j *judge) {
		liveThrough(t, j, "a?b#c%d", "%2F", "n@m.et#st")
	}},
	{"list devices", func(t testing.TB, j *judge) {
		j.hub.AddDevice(j.device)
		if !slices.Contains(ids(j.do(t, "listDevices"), "deviceId"), j.device) {
			t.Error("the list lacks the device")
		}
	}},
	{"update a device", func(t testing.TB, j *judge) {
		j.hub.AddDevice(j.device)
		device := j.do(t, "updateDevice", j.identity("", append(withKeys(someKey, otherKey), "status", "disabled")...))
		has(t, device, "status", `"disabled"`)
		hasKeys(t, device, someKey, otherKey)
	}},
	{"update a device with its etag, then with the old one: 412", func(t testing.TB, j *judge) {
		j.hub.AddDevice(j.device)
		before := j.do(t, "getDevice", j.device)
		update := j.identity("", append(withKeys(someKey, otherKey), "etag", text(before, "etag"))...)
		after := j.do(t, "updateDevice", update)
		if text(after, "etag") == text(before, "etag") || text(after, "generationId") != text(before, "generationId") {
			t.Errorf("etag %q, then %q", text(before, "etag"), text(after, "etag"))
		}
		j.refused(t, 412, "updateDevice", update)
	}},
	{"update a device that does not exist: 404", func(t testing.TB, j *judge) {
		j.refused(t, 404, "updateDevice", j.identity("", withKeys(someKey, otherKey)...))
	}},
	{"delete a device with its modules", func(t testing.TB, j *judge) {
		j.hub.AddModule(j.device, "m")
		j.do(t, "deleteDevice", j.device)
		j.refused(t, 404, "getDevice", j.device)
		j.refused(t, 404, "getModule", j.device, "m")
		j.refused(t, 404, "deleteDevice", j.device)
	}},
	{"delete a device with an old etag: 412", func(t testing.TB, j *judge) {
		j.hub.AddDevice(j.device)
		old := text(j.do(t, "getDevice", j.device), "etag")
		j.do(t, "updateDevice", j.identity("", withKeys(someKey, otherKey)...))
		j.refused(t, 412, "deleteDevice", j.device, old)
	}},
	{"delete a device with its etag", func(t testing.TB, j *judge) {
		j.hub.AddDevice(j.device)
		j.do(t, "deleteDevice", j.device, text(j.do(t, "getDevice", j.device), "etag"))
	}},
	{"delete a device and create it anew", func(t testing.TB, j *judge) {
		first := j.do(t, "createDevice", j.identity(""))
		j.do(t, "deleteDevice", j.device)
		second := j.do(t, "createDevice", j.identity(""))
		if text(first, "generationId") == text(second, "generationId") {
			t.Error("the generation is the same")
		}
	}},
}

// liveThrough creates, finds, changes and deletes a device and a module with
// each id.
func liveThrough(t testing.TB, j *judge, ids ...string) {
	t.Helper()
	for _, id := range ids {
		j.device = id
		has(t, j.do(t, "createDevice", j.identity("")), "deviceId", strconv.Quote(id))
		has(t, j.do(t, "createModule", j.identity("m"+id)), "moduleId", strconv.Quote("m"+id))
		has(t, j.do(t, "getDevice", id), "deviceId", strconv.Quote(id))
		has(t, j.do(t, "updateTwin", id, "m"+id, desired(object{"a": 1})), "moduleId", strconv.Quote("m"+id), "properties.desired.a", "1")
		j.do(t, "deleteModule", id, "m"+id)
		j.do(t, "deleteDevice", id)
	}
}
