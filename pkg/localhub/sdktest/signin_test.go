package sdktest

import (
	"testing"
	"time"

	"moduletwin/pkg/localhub"
)

// signInScenarios sign in with credentials that are accepted, and with some
// that are not.
var signInScenarios = []scenario{
	{"sign in with the secondary key", func(t testing.TB, j *judge) {
		identity := j.add("m")
		m, err := j.registry.GetModule(t.Context(), j.device, "m")
		if err != nil {
			t.Fatal(err)
		}
		identity.SharedAccessKey = m.Authentication.SymmetricKey.SecondaryKey
		j.open(t, identity)
		j.signIn(t, letIn)
	}},
	{"sign in with special characters in the ids", func(t testing.TB, j *judge) {
		for _, id := range []string{"a-b:c.d_e", "a*b!c(d)e,f=g@h$j'k"} {
			j.device = id
			j.connect(t, "m"+id)
			j.do(t, "report", object{"a": 1})
		}
	}},
	{"sign in with # in the ids", func(t testing.TB, j *judge) {
		j.device = "n@m.et#st"
		j.connect(t, "m#"+j.device)
		j.do(t, "report", object{"a": 1})
	}},
	{"sign in with % and + in the ids", func(t testing.TB, j *judge) {
		for _, id := range []string{"50%", "a+b", "%2F"} {
			j.device = id
			j.connect(t, "m"+id)
			j.do(t, "report", object{"a": 1})
		}
	}},
	{"sign in with the key of another module", func(t testing.TB, j *judge) {
		identity := j.add("m")
		identity.SharedAccessKey = j.add("other").SharedAccessKey
		j.open(t, identity)
		j.signIn(t, refuse)
	}},
	{"sign in with the key of the module's device", func(t testing.TB, j *judge) {
		identity := j.add("m")
		identity.SharedAccessKey = j.add("").SharedAccessKey
		j.open(t, identity)
		j.signIn(t, refuse)
	}},
	{"sign in as a module that does not exist", func(t testing.TB, j *judge) {
		identity := j.add("m")
		identity.ModuleID = "missing"
		j.open(t, identity)
		j.signIn(t, refuse)
	}},
	{"sign in as a device that is disabled", func(t testing.TB, j *judge) {
		j.open(t, j.add(""))
		j.enable(t, false)
		j.signIn(t, refuse)
	}},
	{"sign in as a module of a device that is disabled", func(t testing.TB, j *judge) {
		j.open(t, j.add("m"))
		j.enable(t, false)
		j.signIn(t, refuse)
	}},
	{"sign in with tokens of policies", func(t testing.TB, j *judge) {
		identity := j.add("m")
		for _, row := range []struct {
			policy  string
			outcome int
		}{
			{localhub.PolicyDevice, letIn},
			{localhub.PolicyIoTHubOwner, letIn},
			{localhub.PolicyService, refuse},
			{localhub.PolicyRegistryReadWrite, refuse},
		} {
			signer := j.hub.ConnectionString(row.policy)
			signer.HostName, signer.DeviceID, signer.ModuleID = signer.Host(), identity.DeviceID, identity.ModuleID
			token := signer.NewSASToken(time.Now().Add(time.Hour)).Reveal()
			j.do(t, "openWithToken", signer.HostName, signer.DeviceID, signer.ModuleID, token, j.options())
			j.signIn(t, row.outcome)
		}
	}},
	{"be cut off when the device is disabled", func(t testing.TB, j *judge) {
		j.connect(t, "m")
		j.enable(t, false)
		j.waitFor(t, "m", func(c localhub.ConnectionState) bool { return !c.Connected })
		j.open(t, j.add("m"))
		j.signIn(t, refuse)
		j.enable(t, true)
		j.open(t, j.add("m"))
		j.signIn(t, letIn)
	}},
	{"be cut off when the module is deleted", func(t testing.TB, j *judge) {
		identity := j.add("m")
		j.connect(t, "m")
		if err := j.registry.DeleteModule(t.Context(), j.device, "m", ""); err != nil {
			t.Fatal(err)
		}
		j.open(t, identity)
		j.signIn(t, refuse)
	}},
	{"be cut off by another client of the same identity", func(t testing.TB, j *judge) {
		j.listen(t, "m")
		other := &wire{t: t, Conn: dialTLS(t, j.hub)}
		token := j.add("m").NewSASToken(time.Now().Add(time.Hour)).Reveal()
		other.connect(j.device+"/m", j.hub.HostName()+"/"+j.device+"/m/?api-version=2021-04-12", token, 60, true)
		other.expectEnd() // because the SDK comes back
		j.comesBack(t, "m", 2)
		j.patch(t, "m", object{"b": 2})
		j.hears(t, `{"$version":3,"b":2}`)
	}},
}

// enable sets the status of the scenario's device.
func (j *judge) enable(t testing.TB, enabled bool) {
	t.Helper()
	device, err := j.registry.GetDevice(t.Context(), j.device)
	if err != nil {
		t.Fatal(err)
	}
	device.Status = map[bool]string{true: "enabled", false: "disabled"}[enabled]
	if _, err := j.registry.UpdateDevice(t.Context(), device); err != nil {
		t.Fatal(err)
	}
}
