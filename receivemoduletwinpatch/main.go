// Receivemoduletwinpatch signs in to an IoT hub as a module and prints every
// change of the desired properties of its twin, until it is stopped with Ctrl+C.
//
// The environment variable IOTHUB_MODULE_CONNECTION_STRING holds the connection
// string of the module, which createmodule prints.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/sample"
)

func main() {
	webSocket := flag.Bool("websocket", false, "use MQTT over WebSocket on port 443, for networks that block 8883")
	sample.Main(sample.Program{
		Does:     "Receivemoduletwinpatch prints every change of the desired properties of a module twin, until Ctrl+C.",
		Variable: sample.ModuleVariable(),
		Stopped:  "IoTHubModuleClient sample stopped",
		Run: func(ctx context.Context, module iothub.ConnectionString) error {
			fmt.Println("Starting the IoT Hub Go sample...")
			return receivePatches(ctx, module, *webSocket)
		},
	})
}

func receivePatches(ctx context.Context, module iothub.ConnectionString, webSocket bool) error {
	client, err := iotmodule.Dial(ctx, module, &iotmodule.Options{
		Logger:    slog.Default(),
		WebSocket: webSocket,
	})
	if err != nil {
		return err
	}
	defer client.Close()

	subscription, err := client.SubscribeDesired(ctx)
	if err != nil {
		return err
	}
	fmt.Println("IoTHubModuleClient waiting for commands, press Ctrl-C to exit")

	for patch, err := range subscription.Patches() {
		if err != nil {
			return err
		}
		if _, err := fmt.Printf("\nTwin desired properties patch received:\n%v\n", patch); err != nil {
			return err
		}
		// A real module app would apply the new settings here.
	}
	return nil
}
