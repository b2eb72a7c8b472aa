package auth

import "maps"

// Permission is one of those that a shared access policy can carry, or a set
// of them. See https://learn.microsoft.com/azure/iot-hub/iot-hub-dev-guide-sas.
type Permission uint8

// The permissions.
const (
	RegistryRead   Permission = 1 << iota // read identities
	RegistryWrite                         // create, update and delete them
	ServiceConnect                        // twins, from the back end
	DeviceConnect                         // sign in as a device or module
)

// String names a single permission as Azure does.
func (p Permission) String() string {
	switch p {
	case RegistryRead:
		return "RegistryRead"
	case RegistryWrite:
		return "RegistryWrite"
	case ServiceConnect:
		return "ServiceConnect"
	case DeviceConnect:
		return "DeviceConnect"
	default:
		return "several permissions"
	}
}

// policies lists those that every Azure hub has from the beginning, and last
// the one that Microsoft's module-twin tutorials have their readers add. A
// further one needs a line here and no more: its keys are made at the next
// start.
var policies = map[string]Permission{
	"iothubowner":                 RegistryRead | RegistryWrite | ServiceConnect | DeviceConnect,
	"service":                     ServiceConnect,
	"device":                      DeviceConnect,
	"registryRead":                RegistryRead,
	"registryReadWrite":           RegistryRead | RegistryWrite,
	"serviceAndRegistryReadWrite": RegistryRead | RegistryWrite | ServiceConnect,
}

// Policies returns the shared access policies of every hub and what they
// permit.
func Policies() map[string]Permission { return maps.Clone(policies) }
