package localhub

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
