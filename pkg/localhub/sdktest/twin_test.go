package sdktest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// desired returns a patch that has only desired properties.
func desired(properties object) object { return object{"desired": properties} }

// twinScenarios are the same for the twins of devices, with an empty module,
// and of modules.
func twinScenarios(kind, module string) []scenario {
	named := func(name string) string { return kind + " twin: " + name }
	update := func(t testing.TB, j *judge, patch object, etag ...any) any {
		t.Helper()
		return j.do(t, "updateTwin", append([]any{j.device, module, patch}, etag...)...)
	}
	return []scenario{
		{named("fresh"), func(t testing.TB, j *judge) {
			j.add(module)
			twin := j.do(t, "getTwin", j.device, module)
			has(t, twin, "deviceId", strconv.Quote(j.device), "etag", `"AAAAAAAAAAE="`, "version", "2", "status", `"enabled"`,
				"connectionState", `"Disconnected"`, "properties.desired.$version", "1", "properties.reported.$version", "1")
			if text(twin, "moduleId") != module {
				t.Errorf("the module is %q", text(twin, "moduleId"))
			}
		}},
		{named("does not exist: 404"), func(t testing.TB, j *judge) {
			j.refused(t, 404, "getTwin", j.device, module)
			j.refused(t, 404, "updateTwin", j.device, module, desired(object{"a": 1}))
		}},
		{named("update"), func(t testing.TB, j *judge) {
			j.add(module)
			update(t, j, object{"tags": object{"room": object{"floor": 1}}, "desired": object{"a": 1, "b": object{"c": 2, "d": 3}}})
			twin := update(t, j, object{"tags": object{"room": object{"number": 7}}, "desired": object{"b": object{"c": 4}, "e": []any{1, "x", true}}})
			has(t, twin, "etag", `"AAAAAAAAAAM="`, "version", "4", "tags", `{"room":{"floor":1,"number":7}}`,
				"properties.desired.a", "1", "properties.desired.b", `{"c":4,"d":3}`, "properties.desired.e", `[1,"x",true]`, "properties.desired.$version", "3")
		}},
		{named("when each property was changed"), func(t testing.TB, j *judge) {
			j.add(module)
			update(t, j, desired(object{"a": 1, "b": object{"c": 2, "d": 3}}))
			twin := update(t, j, desired(object{"b": object{"c": 4}}))
			has(t, twin, "properties.desired.$metadata.a.$lastUpdatedVersion", "2", "properties.desired.$metadata.b.$lastUpdatedVersion", "3",
				"properties.desired.$metadata.b.c.$lastUpdatedVersion", "3", "properties.desired.$metadata.b.d.$lastUpdatedVersion", "2")
		}},
		{named("null removes a property"), func(t testing.TB, j *judge) {
			j.add(module)
			update(t, j, desired(object{"a": 1, "b": object{"c": 2, "d": 3}}))
			twin := update(t, j, desired(object{"a": nil, "b": object{"c": nil}, "nothing": nil}))
			has(t, twin, "properties.desired.a", "null", "properties.desired.b", `{"d":3}`, "properties.desired.$metadata.a", "null")
		}},
		{named("null removes a tag"), func(t testing.TB, j *judge) {
			j.add(module)
			update(t, j, object{"tags": object{"a": 1, "b": object{"c": 2, "d": 3}}})
			has(t, update(t, j, object{"tags": object{"a": nil, "b": object{"c": nil}}}), "tags", `{"b":{"d":3}}`)
		}},
		{named("tags alone leave the desired version"), func(t testing.TB, j *judge) {
			j.add(module)
			has(t, update(t, j, object{"tags": object{"x": "y"}}), "etag", `"AAAAAAAAAAI="`, "properties.desired.$version", "1")
		}},
		{named("update with the etag, then with the old one: 412"), func(t testing.TB, j *judge) {
			j.add(module)
			has(t, update(t, j, desired(object{"a": 1}), "AAAAAAAAAAE="), "etag", `"AAAAAAAAAAI="`)
			j.refused(t, 412, "updateTwin", j.device, module, desired(object{"a": 2}), "AAAAAAAAAAE=")
		}},
		{named("replace"), func(t testing.TB, j *judge) {
			j.add(module)
			update(t, j, object{"tags": object{"old": true}, "desired": object{"a": 1, "b": object{"d": 3}}})
			twin := j.do(t, "replaceTwin", j.device, module, object{"tags": object{"new": true}, "desired": object{"b": object{"c": "x"}}})
			has(t, twin, "etag", `"AAAAAAAAAAM="`, "tags", `{"new":true}`, "properties.desired.$version", "3", "properties.reported.$version", "1",
				"properties.desired.a", "null", "properties.desired.b", `{"c":"x"}`)
		}},
		{named("replace with the etag, then with the old one: 412"), func(t testing.TB, j *judge) {
			j.add(module)
			has(t, j.do(t, "replaceTwin", j.device, module, desired(object{"z": 0}), "AAAAAAAAAAE="), "etag", `"AAAAAAAAAAI="`, "properties.desired.z", "0")
			j.refused(t, 412, "replaceTwin", j.device, module, desired(object{"z": 1}), "AAAAAAAAAAE=")
		}},
		{named("replace it with itself"), func(t testing.TB, j *judge) {
			j.add(module)
			update(t, j, object{"tags": object{"t": 1}, "desired": object{"a": 1}})
			twin := j.do(t, "sendTwinBack", j.device, module)
			has(t, twin, "etag", `"AAAAAAAAAAM="`, "tags", `{"t":1}`, "properties.desired.a", "1", "properties.desired.$version", "3")
		}},
		{named("an empty name"), func(t testing.TB, j *judge) {
			j.add(module)
			twin := update(t, j, desired(object{"": object{"": 1}}))
			same(t, "the property", at(at(twin, "properties.desired"), ""), `{"":1}`)
		}},
		{named("a name that is not allowed: 400"), func(t testing.TB, j *judge) {
			j.add(module)
			j.refused(t, 400, "updateTwin", j.device, module, desired(object{"a.b": 1}))
			j.refused(t, 400, "updateTwin", j.device, module, object{"tags": object{"a b": 1}})
		}},
		{named("null in an array: 400"), func(t testing.TB, j *judge) {
			j.add(module)
			for _, array := range []any{[]any{1, nil}, []any{object{"b": nil}}, object{"b": []any{[]any{nil}}}} {
				j.refused(t, 400, "updateTwin", j.device, module, desired(object{"a": array}))
				j.refused(t, 400, "updateTwin", j.device, module, object{"tags": object{"a": array}})
			}
		}},
		{named("arrays count as levels: 400"), func(t testing.TB, j *judge) {
			j.add(module)
			var deep any = 1
			for range 10 {
				deep = []any{deep}
			}
			j.do(t, "updateTwin", j.device, module, desired(object{"a": deep}))
			j.refused(t, 400, "updateTwin", j.device, module, desired(object{"a": []any{deep}}))
		}},
		{named("too deep: 400"), func(t testing.TB, j *judge) {
			j.add(module)
			var deep any = 1
			for range 12 {
				deep = object{"a": deep}
			}
			j.refused(t, 400, "updateTwin", j.device, module, object{"desired": deep})
		}},
		{named("too large: 403"), func(t testing.TB, j *judge) {
			j.add(module)
			large := object{}
			for i := range 8 {
				large[fmt.Sprint("p", i)] = strings.Repeat("x", 4096)
			}
			j.refused(t, 403, "updateTwin", j.device, module, desired(large))
			j.refused(t, 403, "updateTwin", j.device, module, object{"tags": large})
		}},
		{named("a refused update changes nothing"), func(t testing.TB, j *judge) {
			j.add(module)
			j.try(t, "updateTwin", j.device, module, object{"tags": object{"fine": 1}, "desired": object{"a.b": 1}})
			if twin, _ := j.hub.Twin(j.device, module); twin.ETag != "AAAAAAAAAAE=" || twin.Version != 2 {
				t.Errorf("etag %s, version %d", twin.ETag, twin.Version)
			}
		}},
	}
}
