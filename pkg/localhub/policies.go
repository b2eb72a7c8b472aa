package localhub

import (
	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub/internal/auth"
)

// The shared access policies of every hub, for [Hub.ConnectionString]: those
// that an Azure hub has from the beginning, and the one that Microsoft's
// module-twin tutorials have their readers add.
const (
	PolicyIoTHubOwner                 = auth.IoTHubOwner                 // everything
	PolicyService                     = auth.Service                     // twins, from the back end
	PolicyDevice                      = auth.Device                      // signing in as any device or module
	PolicyRegistryRead                = auth.RegistryReader              // reading identities
	PolicyRegistryReadWrite           = auth.RegistryReadWrite           // reading and writing them
	PolicyServiceAndRegistryReadWrite = auth.ServiceAndRegistryReadWrite // the same and twins: the policy of the tutorials
)

// Policy is a shared access policy.
type Policy struct {
	Name        string
	Permissions []string            // as Azure names them: "RegistryRead", "RegistryWrite", "ServiceConnect", "DeviceConnect"
	Keys        iothub.SymmetricKey // tokens may be signed with either key
}

// Policies returns the shared access policies: those of an Azure hub first, in
// the order of the Azure portal.
func (h *Hub) Policies() (list []Policy) {
	for _, p := range auth.Policies {
		list = append(list, Policy{p.Name, permissionNames(p.Permissions), h.auth.PolicyKeys[p.Name]})
	}
	return list
}

func permissionNames(permissions auth.Permission) (names []string) {
	for _, one := range []auth.Permission{auth.RegistryRead, auth.RegistryWrite, auth.ServiceConnect, auth.DeviceConnect} {
		if permissions&one != 0 {
			names = append(names, one.String())
		}
	}
	return names
}
