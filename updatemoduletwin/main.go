// Updatemoduletwin changes desired properties of a module twin and prints the
// properties of the twin before and after.
//
// The hub is that of IOTHUB_CONNECTION_STRING, the connection string of a
// shared access policy with the permission Service Connect.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/sample"
)

func main() {
	deviceID := flag.String("device", "myFirstDevice", "`id` of the device identity")
	moduleID := flag.String("module", "myFirstModule", "`id` of the module identity")
	desired := map[string]any{}
	flag.Func("set", "desired property, as `name=value`, may be repeated; the value is JSON or else a string, null deletes (default telemetryInterval=122)",
		func(assignment string) error { return set(desired, assignment) })
	sample.Main(sample.Program{
		Does:        "Updatemoduletwin changes desired properties of a module twin.",
		Setting:     sample.Hub,
		Stopped:     "IoTHubRegistryManager sample stopped",
		StoppedCode: 1,
		Run: func(ctx context.Context, hub iothub.ConnectionString) error {
			if len(desired) == 0 {
				desired["telemetryInterval"] = 122
			}
			return updateModuleTwin(ctx, hub, *deviceID, *moduleID, desired)
		},
	})
}

func updateModuleTwin(ctx context.Context, hub iothub.ConnectionString, deviceID, moduleID string, desired map[string]any) error {
	registry, err := iothub.NewRegistry(hub, &iothub.Options{Logger: slog.Default()})
	if err != nil {
		return err
	}

	twin, err := registry.GetModuleTwin(ctx, deviceID, moduleID)
	if errors.Is(err, iothub.ErrNotFound) {
		return sample.WithHint(err, "Run createmodule first. In ids, upper and lower case differ.")
	}
	if err != nil {
		return err
	}
	show("Module twin properties before update    :", twin.Properties)

	// The ETag makes the hub refuse if somebody else was faster.
	twin, err = registry.UpdateModuleTwin(ctx, deviceID, moduleID, iothub.TwinPatch{Desired: desired}, twin.ETag)
	if errors.Is(err, iothub.ErrPreconditionFailed) {
		return sample.WithHint(err, "The twin was changed by somebody else in the meantime. Run updatemoduletwin again.")
	}
	if err != nil {
		return err
	}
	return show("Module twin properties after update     :", twin.Properties)
}

func show(title string, properties iothub.TwinProperties) error {
	fmt.Printf("\n%s\n", title)
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(properties)
}
