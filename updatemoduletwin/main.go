// Updatemoduletwin changes desired properties of a module twin and prints the
// properties of the twin before and after the update.
//
// The environment variable IOTHUB_CONNECTION_STRING holds the connection string
// of a shared access policy with the permission Service Connect.
package main

import (
	"context"
	"errors"
	"log/slog"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/sample"
)

func main() {
	given := addFlags()
	sample.Main(sample.Program{
		Does:        "Updatemoduletwin changes desired properties of a module twin.",
		Check:       given.check,
		Variable:    sample.HubVariable(),
		Stopped:     "IoTHubRegistryManager sample stopped",
		StoppedCode: 1,
		Run: func(ctx context.Context, hub iothub.ConnectionString) error {
			return updateModuleTwin(ctx, hub, given.deviceID, given.moduleID, given.patch())
		},
	})
}

// updateModuleTwin changes nothing if desired is nil.
func updateModuleTwin(ctx context.Context, hub iothub.ConnectionString, deviceID, moduleID string, desired map[string]any) error {
	registry, err := iothub.NewRegistry(hub, &iothub.Options{Logger: slog.Default()})
	if err != nil {
		return err
	}

	twin, err := registry.GetModuleTwin(ctx, deviceID, moduleID)
	if errors.Is(err, iothub.ErrNotFound) {
		return sample.WithHint(err, "Run createmodule with the same -device and -module first. Ids are case-sensitive.")
	}
	if err != nil {
		return err
	}
	if desired == nil {
		return show("Module twin properties:", twin.Properties)
	}
	if err := show("Module twin properties before update    :", twin.Properties); err != nil {
		return err
	}

	// With the ETag, the hub refuses the update if the twin has changed since.
	twin, err = registry.UpdateModuleTwin(ctx, deviceID, moduleID, iothub.TwinPatch{Desired: desired}, twin.ETag)
	if errors.Is(err, iothub.ErrPreconditionFailed) {
		return sample.WithHint(err, "The twin was changed by somebody else in the meantime. Run updatemoduletwin again.")
	}
	if err != nil {
		return err
	}
	return show("Module twin properties after update     :", twin.Properties)
}
