package sdktest

import (
	"slices"
	"strconv"
	"testing"
)

var moduleIdentityScenarios = []scenario{
	{"create a module", func(t testing.TB, j *judge) {
		j.hub.AddDevice(j.device)
		module := j.do(t, "createModule", j.identity("m"))
		has(t, module, "deviceId", strconv.Quote(j.device), "moduleId", `"m"`, "connectionState", `"Disconnected"`, "authentication.type", `"sas"`)
		if text(module, keys+".primaryKey") == "" || len(text(module, "generationId")) != 18 {
			t.Error("key or generation is missing")
		}
	}},
	{"create a module with given keys", func(t testing.TB, j *judge) {
		j.hub.AddDevice(j.device)
		hasKeys(t, j.do(t, "createModule", j.identity("m", withKeys(someKey, otherKey)...)), someKey, otherKey)
	}},
	{"create a module that somebody manages", func(t testing.TB, j *judge) {
		j.hub.AddDevice(j.device)
		has(t, j.do(t, "createModule", j.identity("m", "managedBy", "me")), "managedBy", `"me"`)
	}},
	{"create a module that exists: 409, then get it", func(t testing.TB, j *judge) {
		j.hub.AddDevice(j.device)
		created := j.do(t, "createModule", j.identity("m"))
		j.refused(t, 409, "createModule", j.identity("m"))
		unchanged(t, created, j.do(t, "getModule", j.device, "m"))
	}},
	{"create a module of a device that does not exist: 404", func(t testing.TB, j *judge) {
		j.refused(t, 404, "createModule", j.identity("m"))
	}},
	{"a module id that begins with $: 400", func(t testing.TB, j *judge) {
		j.hub.AddDevice(j.device)
		j.refused(t, 400, "createModule", j.identity("$module"))
		has(t, j.do(t, "createModule", j.identity("special$module")), "moduleId", `"special$module"`)
	}},
	{"get a module that does not exist: 404", func(t testing.TB, j *judge) {
		j.hub.AddDevice(j.device)
		j.refused(t, 404, "getModule", j.device, "m")
	}},
	{"list modules", func(t testing.TB, j *judge) {
		j.hub.AddModule(j.device, "a")
		j.hub.AddModule(j.device, "b")
		if ids := ids(j.do(t, "listModules", j.device), "moduleId"); !slices.Equal(ids, []string{"a", "b"}) {
			t.Errorf("the modules are %q", ids)
		}
	}},
	{"create a fifty-first module: 413", func(t testing.TB, j *judge) {
		for i := range 50 {
			j.hub.AddModule(j.device, strconv.Itoa(i))
		}
		j.refused(t, 413, "createModule", j.identity("50"))
	}},
	{"update a module", func(t testing.TB, j *judge) {
		j.hub.AddModule(j.device, "m")
		hasKeys(t, j.do(t, "updateModule", j.identity("m", withKeys(someKey, otherKey)...)), someKey, otherKey)
	}},
	{"update a module with its etag, then with the old one: 412", func(t testing.TB, j *judge) {
		j.hub.AddModule(j.device, "m")
		before := j.do(t, "getModule", j.device, "m")
		update := j.identity("m", append(withKeys(someKey, otherKey), "managedBy", "me", "etag", text(before, "etag"))...)
		has(t, j.do(t, "updateModule", update), "managedBy", `"me"`)
		j.refused(t, 412, "updateModule", update)
	}},
	{"delete a module", func(t testing.TB, j *judge) {
		j.hub.AddModule(j.device, "m")
		j.do(t, "deleteModule", j.device, "m")
		j.refused(t, 404, "getModule", j.device, "m")
		j.do(t, "getDevice", j.device)
	}},
	{"delete a module with an old etag: 412", func(t testing.TB, j *judge) {
		j.hub.AddModule(j.device, "m")
		old := text(j.do(t, "getModule", j.device, "m"), "etag")
		j.do(t, "updateModule", j.identity("m", withKeys(someKey, otherKey)...))
		j.refused(t, 412, "deleteModule", j.device, "m", old)
	}},
	{"delete a module with its etag", func(t testing.TB, j *judge) {
		j.hub.AddModule(j.device, "m")
		j.do(t, "deleteModule", j.device, "m", text(j.do(t, "getModule", j.device, "m"), "etag"))
	}},
}
