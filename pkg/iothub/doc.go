// Package iothub manages device and module identities and their twins in Azure
// IoT Hub: it is the service side. It also has the types that the service side
// and the module side (package iotmodule) share.
//
// An IoT hub keeps a registry of identities. A device identity stands for a
// device, a module identity for one component of a device; each has its own
// keys. Every identity has a twin, a JSON document in two halves: the back end
// writes the desired properties, the device or module writes the reported
// properties.
//
// The key decides who may do what. A shared access policy such as
// registryReadWrite or service has permissions: Registry Read and Registry
// Write for the identities, Service Connect for the twins. With the key of a
// device or module, only that device or module can sign in. A key comes in a
// connection string:
//
//	HostName=myhub.azure-devices.net;SharedAccessKeyName=service;SharedAccessKey=…      of a policy
//	HostName=myhub.azure-devices.net;DeviceId=d;ModuleId=m;SharedAccessKey=…            of a module
//
// The key is never sent. A SAS token is sent instead, which is signed with the
// key and valid for an hour. The most common mistake is to use the wrong kind
// of connection string; [NewRegistry] says so before anything is sent.
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
// The text of an error is one line. An error response of the hub is an
// [*Error], which matches a sentinel such as [ErrExists]. [Hint] suggests what
// to do about an error. Values that hold a key or a token show *** when they
// are printed; their method Reveal returns the secret.
//
// The package uses version [APIVersion] of the REST API described at
// https://learn.microsoft.com/rest/api/iothub/service.
package iothub
