package sdktest

import (
	"testing"

	"moduletwin/pkg/localhub"
)

// TestDeviceClient drives a device, which is much like a module.
func TestDeviceClient(t *testing.T) {
	t.Parallel()
	s := openSide(t)
	s.connect(t, "d", "", nil)
	t.Run("reads its twin and reports", func(t *testing.T) {
		s.driver.do(t, "patch_twin_reported_properties", object{"a": 1})
		same(t, "the twin", s.driver.do(t, "get_twin"), `{"desired":{"$version":1},"reported":{"$version":2,"a":1}}`)
	})
	t.Run("hears patches", func(t *testing.T) {
		s.driver.do(t, "listen")
		s.patch(t, "d", "", object{"b": 2})
		s.hears(t, `{"$version":2,"b":2}`)
	})
	t.Run("subscribes to messages and methods as well", func(t *testing.T) {
		s.driver.do(t, "subscribe_to_everything")
		s.driver.do(t, "send_message", "hello")
		s.link(t, "d", "", func(l localhub.ConnectionState) bool { return l.Telemetry == 1 && l.SignIns == 1 })
	})
	t.Run("is none of its modules' business", func(t *testing.T) {
		s.hub.AddModule("d", "m")
		s.patch(t, "d", "m", object{"not": "for the device"})
		s.patch(t, "d", "", object{"b": 3})
		s.hears(t, `{"$version":3,"b":3}`)
	})
}
