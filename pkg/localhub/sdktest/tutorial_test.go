package sdktest

import (
	"context"
	"iter"
	"strconv"
	"testing"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
)

// tutorialScenarios follow the tutorial with programs of Go and of the other
// language in turns.
var tutorialScenarios = []scenario{
	{"the tutorial, with the update in Go", func(t testing.TB, j *judge) {
		j.openService(t, j.hub.ConnectionString(localhub.PolicyServiceAndRegistryReadWrite))
		j.do(t, "createDevice", j.identity(""))
		created := j.do(t, "createModule", j.identity("m"))
		key, err := iothub.ParseKey(text(created, keys+".primaryKey"))
		if err != nil {
			t.Fatal(err)
		}
		j.open(t, iothub.ConnectionString{HostName: j.hub.HostName(), DeviceID: j.device, ModuleID: "m", SharedAccessKey: key})
		j.signIn(t, letIn)
		j.do(t, "listen")
		j.waitFor(t, "m", func(c localhub.ConnectionState) bool { return c.Subscribed })

		before, err := j.registry.GetModuleTwin(t.Context(), j.device, "m")
		if err != nil {
			t.Fatal(err)
		}
		after, err := j.registry.UpdateModuleTwin(t.Context(), j.device, "m", iothub.TwinPatch{Desired: map[string]any{"telemetryInterval": 122}}, before.ETag)
		if err != nil {
			t.Fatal(err)
		}
		j.hears(t, `{"$version":2,"telemetryInterval":122}`)
		has(t, j.do(t, "getTwin", j.device, "m"), "etag", strconv.Quote(after.ETag), "properties.desired.telemetryInterval", "122")
	}},
	{"the tutorial, with all but the update in Go", func(t testing.TB, j *judge) {
		if _, err := j.registry.CreateDevice(t.Context(), iothub.Device{DeviceID: j.device}); err != nil {
			t.Fatal(err)
		}
		created, err := j.registry.CreateModule(t.Context(), iothub.Module{DeviceID: j.device, ModuleID: "m"})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		client, err := iotmodule.Dial(ctx, created.ConnectionString(j.hub.HostName()), &iotmodule.Options{RootCAs: j.hub.RootCAs()})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		subscription, err := client.SubscribeDesired(ctx)
		if err != nil {
			t.Fatal(err)
		}
		j.openService(t, j.hub.ConnectionString(localhub.PolicyServiceAndRegistryReadWrite))
		j.do(t, "updateTwin", j.device, "m", desired(object{"telemetryInterval": 122}))
		same(t, "the patch", first(t, subscription.Patches()), `{"$version":2,"telemetryInterval":122}`)

		if _, err := client.UpdateReported(ctx, iothub.Properties{"telemetryInterval": 122}); err != nil {
			t.Fatal(err)
		}
		has(t, j.do(t, "getTwin", j.device, "m"), "connectionState", `"Connected"`, "properties.reported.telemetryInterval", "122")
	}},
}

// first returns the first patch of a sequence.
func first(t testing.TB, patches iter.Seq2[iothub.Properties, error]) iothub.Properties {
	t.Helper()
	for patch, err := range patches {
		if err != nil {
			t.Fatal(err)
		}
		return patch
	}
	t.Fatal("no patch arrived")
	return nil
}
