package localhub

import (
	"cmp"
	"slices"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub/internal/auth"
)

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

// Policy is a shared access policy.
type Policy struct {
	Name        string
	Permissions []string            // as Azure names them: "RegistryRead", "RegistryWrite", "ServiceConnect", "DeviceConnect"
	Keys        iothub.SymmetricKey // either signs
}

// Policies returns the shared access policies, those of an Azure hub first and
// in the order of its portal.
func (h *Hub) Policies() []Policy {
	list := make([]Policy, 0, len(h.auth.PolicyKeys))
	for name, permissions := range auth.Policies() {
		list = append(list, Policy{name, permissionNames(permissions), h.auth.PolicyKeys[name]})
	}
	order := []string{PolicyServiceAndRegistryReadWrite, PolicyRegistryReadWrite, PolicyRegistryRead, PolicyDevice, PolicyService, PolicyIoTHubOwner}
	slices.SortFunc(list, func(a, b Policy) int {
		return cmp.Or(cmp.Compare(slices.Index(order, b.Name), slices.Index(order, a.Name)), cmp.Compare(a.Name, b.Name))
	})
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
