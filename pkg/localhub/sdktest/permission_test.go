package sdktest

import (
	"testing"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// permissionScenarios make calls with every policy. A call for which the policy
// lacks the permission is refused with 401. They come last among the service
// scenarios, because they open the service client again.
var permissionScenarios = []scenario{
	{"the policy iothubowner", withPolicy(localhub.PolicyIoTHubOwner, true, true, true)},
	{"the policy service", withPolicy(localhub.PolicyService, false, false, true)},
	{"the policy device", withPolicy(localhub.PolicyDevice, false, false, false)},
	{"the policy registryRead", withPolicy(localhub.PolicyRegistryRead, true, false, false)},
	{"the policy registryReadWrite", withPolicy(localhub.PolicyRegistryReadWrite, true, true, false)},
	{"the policy serviceAndRegistryReadWrite", withPolicy(localhub.PolicyServiceAndRegistryReadWrite, true, true, true)},
	{"a wrong key of a policy", func(t testing.TB, j *judge) {
		forged := j.hub.ConnectionString(localhub.PolicyIoTHubOwner)
		forged.SharedAccessKey = iothub.NewKey(make([]byte, 32))
		j.openService(t, forged)
		j.permissions(t, false, false, false)
	}},
	{"a policy that does not exist", func(t testing.TB, j *judge) {
		unknown := j.hub.ConnectionString(localhub.PolicyIoTHubOwner)
		unknown.SharedAccessKeyName = "owner"
		j.openService(t, unknown)
		j.permissions(t, false, false, false)
	}},
}

func withPolicy(policy string, read, write, connect bool) func(testing.TB, *judge) {
	return func(t testing.TB, j *judge) {
		j.openService(t, j.hub.ConnectionString(policy))
		j.permissions(t, read, write, connect)
	}
}

// permissions makes calls that need each permission.
func (j *judge) permissions(t testing.TB, read, write, connect bool) {
	t.Helper()
	j.hub.AddModule(j.device, "m")
	j.permission(t, read, "getDevice", j.device)
	j.permission(t, read, "getModule", j.device, "m")
	j.permission(t, read, "listModules", j.device)
	j.permission(t, connect, "getTwin", j.device)
	j.permission(t, connect, "updateTwin", j.device, "", desired(object{"a": 1}))
	j.permission(t, connect, "getTwin", j.device, "m")
	j.permission(t, connect, "updateTwin", j.device, "m", desired(object{"a": 1}))
	j.device += "new"
	j.permission(t, write, "createDevice", j.identity(""))
	j.permission(t, write, "updateDevice", j.identity("", withKeys(someKey, otherKey)...))
	j.permission(t, write, "createModule", j.identity("m"))
	j.permission(t, write, "updateModule", j.identity("m", withKeys(someKey, otherKey)...))
	j.permission(t, write, "deleteModule", j.device, "m")
	j.permission(t, write, "deleteDevice", j.device)
}

func (j *judge) permission(t testing.TB, allowed bool, call string, arguments ...any) {
	t.Helper()
	if allowed {
		j.do(t, call, arguments...)
	} else {
		j.refused(t, 401, call, arguments...)
	}
}
