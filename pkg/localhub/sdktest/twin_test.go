package sdktest

import (
	"strings"
	"testing"

	"moduletwin/pkg/localhub"
)

// object is a patch, or a part of one.
type object map[string]any

// desired returns a patch of desired properties alone.
func desired(properties object) object { return object{"desired": properties} }

// TestTwins drives twins by azure-iot-hub.
func TestTwins(t *testing.T) {
	t.Parallel()
	hub, service := openService(t)

	t.Run("a fresh device twin", func(t *testing.T) {
		hub.AddDevice("fresh")
		twin := service.do(t, "get_twin", "fresh")
		has(t, twin, "device_id", `"fresh"`, "module_id", "null", "etag", `"AAAAAAAAAAE="`, "version", "2", "status", `"enabled"`,
			"connection_state", `"Disconnected"`, "authentication_type", `"sas"`, "tags", "null",
			"properties.desired.$version", "1", "properties.reported.$version", "1")
		if text(twin, "device_etag") != text(service.do(t, "get_device", "fresh"), "etag") {
			t.Error("device_etag is not that of the identity")
		}
	})
	t.Run("a fresh module twin", func(t *testing.T) {
		hub.AddModule("fresh", "m")
		has(t, service.do(t, "get_module_twin", "fresh", "m"), "device_id", `"fresh"`, "module_id", `"m"`, "etag", `"AAAAAAAAAAE="`, "version", "2",
			"properties.desired", `{"$metadata":{"$lastUpdated":"0001-01-01T00:00:00Z"},"$version":1}`,
			"properties.reported", `{"$metadata":{"$lastUpdated":"0001-01-01T00:00:00Z"},"$version":1}`)
	})
	t.Run("a twin of nobody: 404", func(t *testing.T) {
		service.refused(t, 404, "get_twin", "nobody")
		service.refused(t, 404, "get_module_twin", "fresh", "nobody")
		service.refused(t, 404, "update_module_twin", "fresh", "nobody", desired(object{"a": 1}))
		service.refused(t, 404, "replace_twin", "nobody", desired(object{"a": 1}))
	})
	t.Run("replace a twin by itself", func(t *testing.T) {
		hub.AddModule("d", "same")
		service.do(t, "update_module_twin", "d", "same", object{"tags": object{"t": 1}, "desired": object{"a": 1}})
		twin := service.do(t, "send_twin_back", "d", "same")
		has(t, twin, "etag", `"AAAAAAAAAAM="`, "tags", `{"t":1}`, "properties.desired.a", "1", "properties.desired.$version", "3")
	})
	for kind, module := range map[string]string{"device": "", "module": "m"} {
		t.Run(kind, func(t *testing.T) { judgeTwin(t, hub, service, kind, module) })
	}
}

// judgeTwin goes through the updates of a twin; those of devices and modules
// are calls of different names.
func judgeTwin(t *testing.T, hub *localhub.Hub, service *driver, device, module string) {
	update, replace := "update_twin", "replace_twin"
	path := []any{device}
	if module != "" {
		update, replace = "update_module_twin", "replace_module_twin"
		path = append(path, module)
	}
	with := func(more ...any) []any { return append(append([]any{}, path...), more...) }
	hub.AddModule(device, module)

	t.Run("patch without an etag merges", func(t *testing.T) {
		service.do(t, update, with(object{"tags": object{"room": object{"floor": 1, "number": 7}}, "desired": object{"a": 1, "b": object{"c": 2, "d": 3}}})...)
		twin := service.do(t, update, with(object{"tags": object{"room": object{"number": nil}}, "desired": object{"b": object{"c": 4}, "e": []any{1, "x", true}}})...)
		has(t, twin, "etag", `"AAAAAAAAAAM="`, "version", "4", "tags", `{"room":{"floor":1}}`,
			"properties.desired.a", "1", "properties.desired.b", `{"c":4,"d":3}`, "properties.desired.e", `[1,"x",true]`,
			"properties.desired.$version", "3", "properties.desired.$metadata.b.c.$lastUpdatedVersion", "3", "properties.desired.$metadata.b.d.$lastUpdatedVersion", "2")
	})
	t.Run("null deletes", func(t *testing.T) {
		twin := service.do(t, update, with(desired(object{"a": nil, "b": object{"c": nil}, "nothing": nil}))...)
		has(t, twin, "properties.desired.a", "null", "properties.desired.b", `{"d":3}`, "properties.desired.$metadata.a", "null")
	})
	t.Run("patch with the etag, then with the old one: 412", func(t *testing.T) {
		has(t, service.do(t, update, with(desired(object{"a": 1}), "AAAAAAAAAAQ=")...), "etag", `"AAAAAAAAAAU="`)
		service.refused(t, 412, update, with(desired(object{"a": 2}), "AAAAAAAAAAQ=")...)
		service.refused(t, 412, replace, with(desired(object{"a": 2}), "AAAAAAAAAAQ=")...)
	})
	t.Run("tags alone leave the desired version", func(t *testing.T) {
		has(t, service.do(t, update, with(object{"tags": object{"x": "y"}})...), "etag", `"AAAAAAAAAAY="`, "properties.desired.$version", "5")
	})
	t.Run("replace without an etag", func(t *testing.T) {
		twin := service.do(t, replace, with(object{"tags": object{"new": true}, "desired": object{"b": object{"c": "x"}}})...)
		has(t, twin, "etag", `"AAAAAAAAAAc="`, "tags", `{"new":true}`, "properties.desired.$version", "6", "properties.reported.$version", "1",
			"properties.desired.a", "null", "properties.desired.b", `{"c":"x"}`)
	})
	t.Run("replace with the etag", func(t *testing.T) {
		has(t, service.do(t, replace, with(desired(object{"z": 0}), "AAAAAAAAAAc=")...), "etag", `"AAAAAAAAAAg="`, "properties.desired.z", "0")
	})
	t.Run("illegal name: 400", func(t *testing.T) {
		service.refused(t, 400, update, with(desired(object{"a.b": 1}))...)
		service.refused(t, 400, update, with(object{"tags": object{"a b": 1}})...)
	})
	t.Run("too deep: 400", func(t *testing.T) {
		var deep any = 1
		for range 12 {
			deep = object{"a": deep}
		}
		service.refused(t, 400, update, with(object{"desired": deep})...)
	})
	t.Run("too large: 403", func(t *testing.T) {
		large := object{}
		for i := range 8 {
			large[string(rune('a'+i))] = strings.Repeat("x", 4096)
		}
		service.refused(t, 403, update, with(desired(large))...)
		service.refused(t, 403, update, with(object{"tags": large})...)
	})
	t.Run("nothing refused has left a trace", func(t *testing.T) {
		twin, _ := hub.Twin(device, module)
		if twin.ETag != "AAAAAAAAAAg=" || twin.Version != 9 {
			t.Errorf("etag %s, version %d", twin.ETag, twin.Version)
		}
	})
}
