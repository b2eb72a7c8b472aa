package sdktest

import (
	"testing"
	"time"

	"moduletwin/pkg/localhub/fault"
)

// TestTrouble lets requests fail. azure-iot-hub tries reads again and writes
// not, as far as it takes the hub's answers for what they are.
func TestTrouble(t *testing.T) {
	t.Parallel()
	hub, service := openService(t)
	hub.AddModule("d", "m")
	read := []any{"d", "m"}
	write := []any{"d", "m", desired(object{"a": 1})}

	t.Run("throttled: 429", func(t *testing.T) {
		hub.FailNext(2, fault.REST, fault.Status(429))
		service.refused(t, 429, "get_module_twin", read...)
		service.refused(t, 429, "update_module_twin", write...)
	})
	t.Run("throttled, and told how long to wait", func(t *testing.T) {
		hub.FailNext(1, fault.REST, fault.Status(429).WithRetryAfter(time.Second))
		began := time.Now()
		service.do(t, "get_module_twin", read...)
		if waited := time.Since(began); waited < time.Second {
			t.Errorf("it waited %v", waited)
		}
	})
	t.Run("unavailable: a read is made again", func(t *testing.T) {
		hub.FailNext(1, fault.REST, fault.Status(503))
		service.do(t, "get_module_twin", read...)
	})
	t.Run("unavailable: a write fails with 503", func(t *testing.T) {
		hub.FailNext(1, fault.REST, fault.Status(503))
		service.refused(t, 503, "update_module_twin", write...)
	})
	t.Run("cut: a read is made again", func(t *testing.T) {
		hub.FailNext(1, fault.REST, fault.Cut())
		service.do(t, "get_module_twin", read...)
	})
	t.Run("answer lost: a write is carried out, and fails", func(t *testing.T) {
		before, _ := hub.Twin("d", "m")
		hub.FailNext(1, fault.REST, fault.LoseResponse())
		service.raises(t, "ClientRequestError", "update_module_twin", write...)
		if after, _ := hub.Twin("d", "m"); after.Version != before.Version+1 {
			t.Errorf("version %d, then %d", before.Version, after.Version)
		}
	})
}
