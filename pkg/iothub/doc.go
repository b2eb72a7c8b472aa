// Package iothub is the service side of Azure IoT Hub, as far as device and
// module identities and their twins go, and the vocabulary that the service
// side and the module side share.
//
// An IoT hub keeps a registry of identities. A device identity stands for a
// device, a module identity for one component of a device; each has keys of
// its own. To every identity belongs a twin, a JSON document in two halves:
// the back end writes the desired properties, the device or module writes the
// reported ones.
//
// Who may do what depends on the key. A shared access policy such as
// registryReadWrite or service carries permissions: Registry Read and
// Registry Write open the identities, Service Connect opens the twins. The
// key of a device or module opens nothing but its own connection to the hub
// (package iotmodule). A key comes in a connection string:
//
//	HostName=myhub.azure-devices.net;SharedAccessKeyName=service;SharedAccessKey=…      of a policy
//	HostName=myhub.azure-devices.net;DeviceId=d;ModuleId=m;SharedAccessKey=…            of a module
//
// and never travels: what is sent is a SAS token, signed with the key and
// good for about an hour. The commonest mistake is to use a string of the
// wrong kind; [NewRegistry] says so before anything is sent.
//
//	hub, err := iothub.ParseConnectionString(os.Getenv("IOTHUB_CONNECTION_STRING"))
//	…
//	registry, err := iothub.NewRegistry(hub, nil)
//	…
//	module, err := registry.CreateModule(ctx, iothub.Module{DeviceID: "myFirstDevice", ModuleID: "myFirstModule"})
//	if errors.Is(err, iothub.ErrExists) {
//		module, err = registry.GetModule(ctx, "myFirstDevice", "myFirstModule")
//	}
//
// Errors are one line. An error response of the hub is an [*Error], which
// matches a sentinel such as [ErrExists]. [Hint] returns what may help against
// an error. Whatever holds a key or a token shows *** when it is printed; Reveal
// shows the secret.
//
// The package speaks version [APIVersion] of the REST interface described at
// https://learn.microsoft.com/rest/api/iothub/service.
package iothub
