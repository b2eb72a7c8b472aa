package iotmodule_test

import (
	"context"
	"fmt"
	"log"

	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
)

// A module follows its desired properties. The hub here is a local one; with
// Azure the connection string is that of a module in the portal, and the
// options can be nil.
func ExampleClient_SubscribeDesired() {
	hub, err := localhub.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer hub.Close()
	module := hub.AddModule("myFirstDevice", "myFirstModule")

	ctx := context.Background()
	client, err := iotmodule.Dial(ctx, module, &iotmodule.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	subscription, err := client.SubscribeDesired(ctx)
	if err != nil {
		log.Fatal(err)
	}

	// The back end does this, see iothub.Registry.UpdateModuleTwin.
	hub.PatchDesired("myFirstDevice", "myFirstModule", map[string]any{"telemetryInterval": 122})

	for patch, err := range subscription.Patches() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(patch)
		break // a real module goes on
	}
	// Output: {"$version":2,"telemetryInterval":122}
}

// A module starts with the current desired properties and stays up to date.
func ExampleSubscription_State() {
	hub, err := localhub.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer hub.Close()
	module := hub.AddModule("myFirstDevice", "myFirstModule")
	hub.PatchDesired("myFirstDevice", "myFirstModule", map[string]any{"telemetryInterval": 60})

	ctx := context.Background()
	client, err := iotmodule.Dial(ctx, module, &iotmodule.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	subscription, err := client.SubscribeDesired(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("now", subscription.State()["telemetryInterval"])

	hub.PatchDesired("myFirstDevice", "myFirstModule", map[string]any{"telemetryInterval": 122})

	for patch, err := range subscription.Patches() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("then", patch["telemetryInterval"])
		break // a real module goes on
	}
	// Output:
	// now 60
	// then 122
}

// A module reports to the back end what it has made of the desired properties.
func ExampleClient_UpdateReported() {
	hub, err := localhub.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer hub.Close()

	ctx := context.Background()
	client, err := iotmodule.Dial(ctx, hub.AddModule("myFirstDevice", "myFirstModule"), &iotmodule.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	version, err := client.UpdateReported(ctx, map[string]any{"telemetryInterval": 122})
	if err != nil {
		log.Fatal(err)
	}
	twin, err := client.GetTwin(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(version, twin.Properties.Reported)
	// Output: 2 {"$version":2,"telemetryInterval":122}
}
