package localhub

import (
	"crypto/rand"

	"moduletwin/pkg/iothub"
)

// permission is one of those that a shared access policy can carry, or a set
// of them. See https://learn.microsoft.com/azure/iot-hub/iot-hub-dev-guide-sas.
type permission uint8

const (
	registryRead   permission = 1 << iota // read identities
	registryWrite                         // create, update and delete them
	serviceConnect                        // twins, from the back end
	deviceConnect                         // sign in as a device or module
)

// String names a single permission as Azure does.
func (p permission) String() string {
	switch p {
	case registryRead:
		return "RegistryRead"
	case registryWrite:
		return "RegistryWrite"
	case serviceConnect:
		return "ServiceConnect"
	case deviceConnect:
		return "DeviceConnect"
	default:
		return "several permissions"
	}
}

// policies lists those that every Azure hub has from the beginning, and the
// one that Microsoft's module-twin tutorials have their readers add.
var policies = map[string]permission{
	"iothubowner":                 registryRead | registryWrite | serviceConnect | deviceConnect,
	"service":                     serviceConnect,
	"device":                      deviceConnect,
	"registryRead":                registryRead,
	"registryReadWrite":           registryRead | registryWrite,
	"serviceAndRegistryReadWrite": registryRead | registryWrite | serviceConnect,
}

// keyPair holds the two keys of a policy, device or module. Either signs.
type keyPair struct {
	Primary   iothub.Key `json:"primaryKey"`
	Secondary iothub.Key `json:"secondaryKey"`
}

// newKeyPair makes keys of the length that Azure gives its own.
func newKeyPair() keyPair {
	return keyPair{Primary: newKey(), Secondary: newKey()}
}

func newKey() iothub.Key {
	key := make(iothub.Key, 32)
	rand.Read(key) // never fails
	return key
}

// newPolicyKeys makes a pair for every policy.
func newPolicyKeys() map[string]keyPair {
	keys := make(map[string]keyPair, len(policies))
	for name := range policies {
		keys[name] = newKeyPair()
	}
	return keys
}
