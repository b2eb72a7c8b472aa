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

// The shared access policies of every hub, for [Hub.ConnectionString]: those
// that an Azure hub has from the beginning, and the one that Microsoft's
// module-twin tutorials have their readers add.
const (
	PolicyIoTHubOwner                 = "iothubowner"                 // everything
	PolicyService                     = "service"                     // twins, from the back end
	PolicyDevice                      = "device"                      // signing in as any device or module
	PolicyRegistryRead                = "registryRead"                // reading identities
	PolicyRegistryReadWrite           = "registryReadWrite"           // reading and writing them
	PolicyServiceAndRegistryReadWrite = "serviceAndRegistryReadWrite" // that and twins: the tutorial's
)

var policies = map[string]permission{
	PolicyIoTHubOwner:                 registryRead | registryWrite | serviceConnect | deviceConnect,
	PolicyService:                     serviceConnect,
	PolicyDevice:                      deviceConnect,
	PolicyRegistryRead:                registryRead,
	PolicyRegistryReadWrite:           registryRead | registryWrite,
	PolicyServiceAndRegistryReadWrite: registryRead | registryWrite | serviceConnect,
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
	key := make([]byte, 32)
	rand.Read(key) // never fails
	return iothub.NewKey(key)
}

// newPolicyKeys makes a pair for every policy.
func newPolicyKeys() map[string]keyPair {
	keys := make(map[string]keyPair, len(policies))
	for name := range policies {
		keys[name] = newKeyPair()
	}
	return keys
}
