package auth

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/iothub"
)

// A policy without keys accepts no token, not even one signed with an empty
// key.
func TestPolicyWithoutKeys(t *testing.T) {
	a := &Auth{HostNames: []string{"localhost"}}
	owner := iothub.ConnectionString{HostName: "localhost", SharedAccessKeyName: "iothubowner"}
	token := owner.NewSASToken(time.Now().Add(time.Hour))
	if _, err := a.CheckHeader(token.Reveal(), RegistryWrite, "devices", "d"); err == nil {
		t.Error("a token signed with an empty key was accepted")
	}
}

// TestExpire checks that an expired token is refused for as long as it would
// otherwise be valid, and remembered no longer than that.
func TestExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := iothub.SymmetricKey{PrimaryKey: iothub.NewKey(make([]byte, 32))}
		a := &Auth{HostNames: []string{"localhost"}, Grace: 5 * time.Minute, Exists: func([]string) bool { return false }}
		newToken := func(module string) iothub.SASToken {
			c := iothub.ConnectionString{HostName: "localhost", DeviceID: "d", ModuleID: module, SharedAccessKey: keys.PrimaryKey}
			return c.NewSASToken(time.Now().Add(time.Hour))
		}
		check := func(token iothub.SASToken, module string) error {
			return a.CheckToken(token, module, keys, "devices", "d", "modules", module)
		}
		first, other := newToken("m"), newToken("other")
		a.Expire(first)
		time.Sleep(time.Hour + 4*time.Minute) // within the grace
		a.Expire()
		if check(first, "m") == nil || check(other, "other") != nil {
			t.Errorf("expired: %v, other: %v", check(first, "m"), check(other, "other"))
		}
		for i := range 10 {
			time.Sleep(time.Hour)
			module := fmt.Sprint("m", i)
			a.Expire(newToken(module), newToken("m"))
		}
		if len(a.expired) > 4 {
			t.Errorf("%d tokens are remembered, but at most 4 would still be valid", len(a.expired))
		}
	})
}
