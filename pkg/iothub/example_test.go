package iothub_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

func ExampleParseConnectionString() {
	c, err := iothub.ParseConnectionString("HostName=myhub.azure-devices.net;DeviceId=myFirstDevice;ModuleId=myFirstModule;SharedAccessKey=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Owner())
	fmt.Println(c.Resource())
	fmt.Println(c)
	// Output:
	// module "myFirstModule" on device "myFirstDevice"
	// myhub.azure-devices.net/devices/myFirstDevice/modules/myFirstModule
	// HostName=myhub.azure-devices.net;DeviceId=myFirstDevice;ModuleId=myFirstModule;SharedAccessKey=***
}

// A shell takes an unquoted semicolon for the end of the command.
func ExampleParseConnectionString_cut() {
	_, err := iothub.ParseConnectionString("HostName=myhub.azure-devices.net")
	fmt.Println(err)
	// Output:
	// iothub: connection string: only HostName is there: the shell may have cut it off at the first semicolon; put the whole value in quotes
}

func ExampleConnectionString_NewSASToken() {
	service := iothub.ConnectionString{
		HostName:            "myhub.azure-devices.net",
		SharedAccessKeyName: "service",
		SharedAccessKey:     iothub.NewKey([]byte("0123456789abcdef0123456789abcdef")),
	}
	token := service.NewSASToken(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	fmt.Println(token.Reveal())
	// Output:
	// SharedAccessSignature sr=myhub.azure-devices.net&sig=rny7eWZSBNZ9YeCNiuTjnwBzU9k6y3yqorNu3ifboBQ%3D&se=1767225600&skn=service
}

func ExampleNewRegistry() {
	hub, err := localhub.Start(nil) // instead of a hub in Azure
	if err != nil {
		log.Fatal(err)
	}
	defer hub.Close()

	registry, err := iothub.NewRegistry(hub.ConnectionString(localhub.PolicyIoTHubOwner), &iothub.Options{RootCAs: hub.RootCAs()}) // in Azure, nil will do
	if err != nil {
		log.Fatal(err)
	}
	defer registry.CloseIdleConnections()
	devices, err := registry.ListDevices(context.Background())
	fmt.Println(len(devices), err)
	// Output:
	// 0 <nil>
}

// If the identity exists already, it is looked up instead.
func ExampleRegistry_CreateModule() {
	ctx, registry, done := exampleRegistry()
	defer done()

	for range 2 {
		module, err := registry.CreateModule(ctx, iothub.Module{DeviceID: "myFirstDevice", ModuleID: "myFirstModule"})
		if errors.Is(err, iothub.ErrExists) {
			module, err = registry.GetModule(ctx, "myFirstDevice", "myFirstModule")
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(module.ConnectionString("myhub.azure-devices.net"))
	}
	// Output:
	// HostName=myhub.azure-devices.net;DeviceId=myFirstDevice;ModuleId=myFirstModule;SharedAccessKey=***
	// HostName=myhub.azure-devices.net;DeviceId=myFirstDevice;ModuleId=myFirstModule;SharedAccessKey=***
}

// Passing the ETag of the twin that was read makes sure that nobody else's
// change is overwritten.
func ExampleRegistry_UpdateModuleTwin() {
	ctx, registry, done := exampleRegistry()
	defer done()
	if _, err := registry.CreateModule(ctx, iothub.Module{DeviceID: "myFirstDevice", ModuleID: "myFirstModule"}); err != nil {
		log.Fatal(err)
	}

	before, err := registry.GetModuleTwin(ctx, "myFirstDevice", "myFirstModule")
	if err != nil {
		log.Fatal(err)
	}
	patch := iothub.TwinPatch{Desired: map[string]any{"telemetryInterval": 122}}
	after, err := registry.UpdateModuleTwin(ctx, "myFirstDevice", "myFirstModule", patch, before.ETag)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(after.Properties.Desired["telemetryInterval"], after.Properties.Desired.Version())

	_, err = registry.UpdateModuleTwin(ctx, "myFirstDevice", "myFirstModule", patch, before.ETag) // the old ETag
	fmt.Println(errors.Is(err, iothub.ErrPreconditionFailed))
	// Output:
	// 122 2
	// true
}

// The text of an error is one line for a log; Hint says what to do next.
func ExampleHint() {
	hub, err := localhub.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer hub.Close()
	registry, err := iothub.NewRegistry(hub.ConnectionString(localhub.PolicyService), &iothub.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		log.Fatal(err)
	}
	defer registry.CloseIdleConnections()

	_, err = registry.GetDevice(context.Background(), "myFirstDevice")
	fmt.Println(err)
	fmt.Println(iothub.Hint(err))
	// Output:
	// iothub: get device "myFirstDevice": 401 IotHubUnauthorizedAccess: Unauthorized
	// This needs the permission Registry Read, which policy "service" does not have on a new hub: use the connection string of another policy, such as iothubowner.
}

// The fields of an Error hold what the hub said.
func ExampleError() {
	ctx, registry, done := exampleRegistry()
	defer done()

	_, err := registry.GetModule(ctx, "myFirstDevice", "myFirstModule")
	var refused *iothub.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.StatusCode, refused.Code)
	}
	// Output:
	// 404 ModuleNotFound
}

// exampleRegistry returns a registry for a hub with the device myFirstDevice.
func exampleRegistry() (context.Context, *iothub.Registry, func()) {
	hub, err := localhub.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	registry, err := iothub.NewRegistry(hub.ConnectionString(localhub.PolicyIoTHubOwner), &iothub.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := registry.CreateDevice(ctx, iothub.Device{DeviceID: "myFirstDevice"}); err != nil {
		log.Fatal(err)
	}
	return ctx, registry, func() { registry.CloseIdleConnections(); hub.Close() }
}
