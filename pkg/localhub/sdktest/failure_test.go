package sdktest

import (
	"testing"
	"time"

	"moduletwin/pkg/localhub/fault"
)

// failureScenarios make requests fail. Whether an SDK retries is up to the SDK;
// how it understands the hub's response depends on the hub, too.
var failureScenarios = []scenario{
	{"throttled: 429", func(t testing.TB, j *judge) {
		j.hub.AddDevice(j.device)
		j.hub.FailNext(1, fault.REST, fault.Status(429))
		j.refused(t, 429, "updateTwin", j.device, "", desired(object{"a": 1}))
	}},
	{"throttled, and told how long to wait", func(t testing.TB, j *judge) {
		j.hub.AddDevice(j.device)
		j.hub.FailNext(1, fault.REST, fault.Status(429).WithRetryAfter(time.Second))
		began := time.Now()
		j.do(t, "getTwin", j.device)
		if waited := time.Since(began); waited < time.Second {
			t.Errorf("it waited %v", waited)
		}
	}},
	{"unavailable: 503", func(t testing.TB, j *judge) {
		j.hub.AddDevice(j.device)
		j.hub.FailNext(1, fault.REST, fault.Status(503))
		j.refused(t, 503, "updateTwin", j.device, "", desired(object{"a": 1}))
	}},
	{"unavailable: a read is retried", func(t testing.TB, j *judge) {
		j.hub.AddDevice(j.device)
		j.hub.FailNext(1, fault.REST, fault.Status(503))
		j.do(t, "getTwin", j.device)
	}},
	{"cut: a read is retried", func(t testing.TB, j *judge) {
		j.hub.AddDevice(j.device)
		j.hub.FailNext(1, fault.REST, fault.Cut())
		j.do(t, "getTwin", j.device)
	}},
	{"response lost: a write is carried out, but fails", func(t testing.TB, j *judge) {
		j.hub.AddDevice(j.device)
		j.hub.FailNext(1, fault.REST, fault.LoseResponse())
		if a := j.try(t, "updateTwin", j.device, "", desired(object{"a": 1})); a.Error == "" || a.Status != 0 {
			t.Errorf("%q with status %d, want an error without", a.Error, a.Status)
		}
		if twin, _ := j.hub.Twin(j.device, ""); twin.Version != 3 {
			t.Errorf("the version is %d, want 3", twin.Version)
		}
	}},
}
