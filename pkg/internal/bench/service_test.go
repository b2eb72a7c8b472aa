//go:build linux

package bench

import (
	"fmt"
	"testing"
)

// BenchmarkCreateModule runs createmodule, each time with new ids, and the bare
// program with the same two requests.
func BenchmarkCreateModule(b *testing.B) {
	hub := startServer(b, "hub")
	env := environment(hub, "IOTHUB_CONNECTION_STRING="+hub.ask(b, "policy"))
	sample, plain := program(b, "createmodule"), bare(b, "barerest")
	var ours, floor cost
	for n := 0; b.Loop(); n++ {
		id := fmt.Sprint("bare", n)
		floor.run(b, env, plain,
			"PUT", "/devices/"+id, fmt.Sprintf(`{"deviceId":%q}`, id),
			"PUT", "/devices/"+id+"/modules/m", fmt.Sprintf(`{"deviceId":%q,"moduleId":"m"}`, id))
		ours.run(b, env, sample, "-device", fmt.Sprint("d", n), "-module", "m")
	}
	compare(b, ours, floor)
}

// BenchmarkUpdateModuleTwin runs updatemoduletwin and the bare program with the
// same two requests, each on its own twin.
func BenchmarkUpdateModuleTwin(b *testing.B) {
	hub := startServer(b, "hub")
	env := environment(hub, "IOTHUB_CONNECTION_STRING="+hub.ask(b, "policy"))
	hub.ask(b, "module d ours")
	hub.ask(b, "module d floor")
	sample, plain := program(b, "updatemoduletwin"), bare(b, "barerest")
	var ours, floor cost
	for n := 0; b.Loop(); n++ {
		floor.run(b, env, plain,
			"GET", "/twins/d/modules/floor", "",
			"PATCH", "/twins/d/modules/floor", fmt.Sprintf(`{"properties":{"desired":{"n":%d}}}`, n))
		ours.run(b, env, sample, "-device", "d", "-module", "ours", "-set", fmt.Sprint("n=", n))
	}
	compare(b, ours, floor)
}
