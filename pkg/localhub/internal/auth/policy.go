package auth

// Permission is a permission of a shared access policy, or a set of them. See
// https://learn.microsoft.com/azure/iot-hub/iot-hub-dev-guide-sas.
type Permission uint8

// The permissions.
const (
	RegistryRead   Permission = 1 << iota // read identities
	RegistryWrite                         // create, update and delete them
	ServiceConnect                        // twins, from the back end
	DeviceConnect                         // sign in as a device or module
)

// String returns Azure's name for a single permission.
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

// Policy is a shared access policy.
type Policy struct {
	Name        string
	Permissions Permission
}

// The names of the policies.
const (
	IoTHubOwner                 = "iothubowner"
	Service                     = "service"
	Device                      = "device"
	RegistryReader              = "registryRead"
	RegistryReadWrite           = "registryReadWrite"
	ServiceAndRegistryReadWrite = "serviceAndRegistryReadWrite"
)

// Policies lists the policies that every Azure hub has from the beginning, in
// the order of the Azure portal, followed by the one that Microsoft's
// module-twin tutorials have their readers add. To add another, add a line
// here: its keys are generated the next time a hub starts. Policies must not be
// changed at run time.
var Policies = []Policy{
	{IoTHubOwner, RegistryRead | RegistryWrite | ServiceConnect | DeviceConnect},
	{Service, ServiceConnect},
	{Device, DeviceConnect},
	{RegistryReader, RegistryRead},
	{RegistryReadWrite, RegistryRead | RegistryWrite},
	{ServiceAndRegistryReadWrite, RegistryRead | RegistryWrite | ServiceConnect},
}

// permissionsOf returns the permissions of a policy.
func permissionsOf(name string) (permissions Permission, known bool) {
	for _, p := range Policies {
		if p.Name == name {
			return p.Permissions, true
		}
	}
	return 0, false
}
