package auth

import (
	"testing"
	"time"

	"moduletwin/pkg/iothub"
)

// A policy whose keys are missing is closed to all, not open to the key of no
// bytes.
func TestPolicyWithoutKeys(t *testing.T) {
	a := &Auth{HostNames: []string{"localhost"}}
	owner := iothub.ConnectionString{HostName: "localhost", SharedAccessKeyName: "iothubowner"}
	token := owner.NewSASToken(time.Now().Add(time.Hour))
	if _, err := a.CheckHeader(token.Reveal(), RegistryWrite, "devices", "d"); err == nil {
		t.Error("a token that was signed with no key opens the hub")
	}
}
