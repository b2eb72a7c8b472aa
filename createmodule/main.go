// Createmodule creates a device identity and a module identity in an IoT hub
// and prints their primary keys and the connection string of the module.
// If an identity already exists, it is read instead.
//
// The environment variable IOTHUB_CONNECTION_STRING holds the connection string
// of a shared access policy with the permissions Registry Read and Registry
// Write.
package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/sample"
)

func main() {
	deviceID := flag.String("device", "myFirstDevice", "`id` of the device identity")
	moduleID := flag.String("module", "myFirstModule", "`id` of the module identity")
	sample.Main(sample.Program{
		Does:        "Createmodule creates a device identity and a module identity in an IoT hub.",
		Variable:    sample.HubVariable(),
		Stopped:     "IoTHubRegistryManager sample stopped",
		StoppedCode: 1,
		Run: func(ctx context.Context, hub iothub.ConnectionString) error {
			return createModule(ctx, hub, *deviceID, *moduleID)
		},
	})
}

func createModule(ctx context.Context, hub iothub.ConnectionString, deviceID, moduleID string) error {
	registry, err := iothub.NewRegistry(hub, &iothub.Options{Logger: slog.Default()})
	if err != nil {
		return err
	}

	// No keys are given, so the hub assigns them.
	device, err := registry.CreateDevice(ctx, iothub.Device{DeviceID: deviceID})
	if errors.Is(err, iothub.ErrExists) {
		device, err = registry.GetDevice(ctx, deviceID)
	}
	if err != nil {
		return err
	}
	if err := printKey("device <"+deviceID+">", device.Authentication.SymmetricKey.PrimaryKey); err != nil {
		return err
	}

	module, err := registry.CreateModule(ctx, iothub.Module{DeviceID: deviceID, ModuleID: moduleID})
	if errors.Is(err, iothub.ErrExists) {
		module, err = registry.GetModule(ctx, deviceID, moduleID)
	}
	if err != nil {
		return err
	}
	if err := printKey("device/module <"+deviceID+"/"+moduleID+">", module.Authentication.SymmetricKey.PrimaryKey); err != nil {
		return err
	}
	return printConnectionString(module.ConnectionString(hub.HostName))
}
