package sdktest

import (
	"slices"
	"strconv"
	"testing"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

// clientScenarios are the scenarios of devices and modules, for each transport.
var clientScenarios = slices.Concat(twinClientScenarios, signInScenarios, reconnectScenarios, tutorialScenarios)

// twinClientScenarios use one connection that is not interrupted.
var twinClientScenarios = []scenario{
	{"sign in as a module", func(t testing.TB, j *judge) {
		j.connect(t, "m")
		if twin, _ := j.hub.Twin(j.device, "m"); twin.ConnectionState != "Connected" {
			t.Errorf("the connection state is %q", twin.ConnectionState)
		}
	}},
	{"sign in as a device", func(t testing.TB, j *judge) {
		j.connect(t, "")
		if twin, _ := j.hub.Twin(j.device, ""); twin.ConnectionState != "Connected" {
			t.Errorf("the connection state is %q", twin.ConnectionState)
		}
	}},
	{"read the twin", func(t testing.TB, j *judge) {
		j.connect(t, "m")
		same(t, "a fresh twin", j.do(t, "twin"), `{"desired":{"$version":1},"reported":{"$version":1}}`)
		j.patch(t, "m", object{"a": object{"b": []any{1, "x", true}}, "ü€😀": "<&>"})
		same(t, "the twin", j.do(t, "twin"), `{"desired":{"$version":2,"a":{"b":[1,"x",true]},"ü€😀":"\u003c\u0026\u003e"},"reported":{"$version":1}}`)
	}},
	{"report properties", func(t testing.TB, j *judge) {
		j.connect(t, "m")
		j.do(t, "report", object{"a": object{"b": 1, "c": 2}, "d": "x"})
		j.do(t, "report", object{"a": object{"b": nil}, "d": nil})
		same(t, "the twin", j.do(t, "twin"), `{"desired":{"$version":1},"reported":{"$version":3,"a":{"c":2}}}`)
		if twin, _ := j.hub.Twin(j.device, "m"); twin.Properties.Reported.Version() != 3 || twin.ETag != "AAAAAAAAAAE=" {
			t.Errorf("the back end sees version %d and etag %s", twin.Properties.Reported.Version(), twin.ETag)
		}
	}},
	{"report as a device", func(t testing.TB, j *judge) {
		j.connect(t, "")
		j.do(t, "report", object{"a": 1})
		same(t, "the twin", j.do(t, "twin"), `{"desired":{"$version":1},"reported":{"$version":2,"a":1}}`)
	}},
	{"notice that a report is refused", func(t testing.TB, j *judge) {
		j.connect(t, "m")
		if a := j.try(t, "report", object{"a.b": 1}); a.Error == "" {
			t.Error("it takes a refusal for a success")
		}
		j.do(t, "report", object{"a": 1})
	}},
	{"notice that a report with null in an array is refused", func(t testing.TB, j *judge) {
		j.connect(t, "m")
		for _, array := range []any{[]any{1, nil}, []any{object{"b": nil}}} {
			if a := j.try(t, "report", object{"a": array}); a.Error == "" {
				t.Error("it takes a refusal for a success")
			}
		}
	}},
	{"learn the status of a refusal", func(t testing.TB, j *judge) {
		j.connect(t, "m")
		j.refused(t, 400, "report", object{"a.b": 1})
	}},
	{"notice that a request is throttled", func(t testing.TB, j *judge) {
		j.connect(t, "m")
		j.do(t, "twin")
		j.hub.FailNext(1, fault.TwinGet, fault.Status(429))
		if a := j.try(t, "twin"); a.Error == "" {
			t.Error("it takes a refusal for a success")
		}
		j.do(t, "twin")
	}},
	{"an empty name", func(t testing.TB, j *judge) {
		j.listen(t, "m")
		j.do(t, "report", object{"": 1})
		j.patch(t, "m", object{"": object{"": 2}})
		j.hears(t, `{"":{"":2},"$version":3}`)
		same(t, "the twin", j.do(t, "twin"), `{"desired":{"":{"":2},"$version":3,"first":true},"reported":{"":1,"$version":2}}`)
	}},
	{"hear patches", func(t testing.TB, j *judge) {
		j.listen(t, "m")
		j.patch(t, "m", object{"a": object{"b": 1}})
		j.hears(t, `{"$version":3,"a":{"b":1}}`)
		j.patch(t, "m", object{"a": nil, "ü€😀": "<&>"})
		j.hears(t, `{"$version":4,"a":null,"ü€😀":"\u003c\u0026\u003e"}`)
	}},
	{"hear many patches in order", func(t testing.TB, j *judge) {
		const count = 50
		j.listen(t, "m")
		for i := range count {
			j.patch(t, "m", object{"n": i})
		}
		for i := range count {
			j.hears(t, `{"$version":`+strconv.Itoa(i+3)+`,"n":`+strconv.Itoa(i)+`}`)
		}
	}},
	{"hear of a replacement as a patch", func(t testing.TB, j *judge) {
		j.listen(t, "m")
		for _, row := range []struct {
			desired object
			heard   string
		}{
			{object{"a": 1, "b": object{"c": 2, "d": 3}}, `{"$version":3,"a":1,"b":{"c":2,"d":3},"first":null}`},
			{object{"b": object{"d": 3}, "e": 4}, `{"$version":4,"a":null,"b":{"c":null,"d":3},"e":4}`},
		} {
			if _, err := j.registry.ReplaceModuleTwin(t.Context(), j.device, "m", iothub.TwinPatch{Desired: iothub.Properties(row.desired)}, ""); err != nil {
				t.Fatal(err)
			}
			j.hears(t, row.heard)
		}
	}},
	{"hear only one's own patches", func(t testing.TB, j *judge) {
		j.listen(t, "")
		j.hub.AddModule(j.device, "m")
		j.patch(t, "m", object{"not": "for the device"})
		j.patch(t, "", object{"b": 3})
		j.hears(t, `{"$version":3,"b":3}`)
	}},
	{"subscribe to methods and messages as well", func(t testing.TB, j *judge) {
		for _, module := range []string{"m", ""} {
			j.listen(t, module)
			j.do(t, "subscribeToEverything")
			j.do(t, "report", object{"a": 1})
			j.patch(t, module, object{"a": 1})
			j.hears(t, `{"$version":3,"a":1}`)
			j.waitFor(t, module, func(c localhub.ConnectionState) bool { return c.SignIns == 1 })
		}
	}},
	{"send messages", func(t testing.TB, j *judge) {
		j.connect(t, "m")
		j.do(t, "send", "one")
		j.do(t, "sendToOutput", "two", "output")
		j.waitFor(t, "m", func(c localhub.ConnectionState) bool { return c.Telemetry == 2 })
	}},
}
