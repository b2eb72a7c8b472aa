// Package iotmodule is a client for the module side of Azure IoT Hub. It signs
// in as a module over MQTT, reads the twin, reports properties, and never loses
// a change of the desired properties.
//
//	client, err := iotmodule.Dial(ctx, module, nil)
//	…
//	defer client.Close()
//	subscription, err := client.SubscribeDesired(ctx)
//	…
//	for patch, err := range subscription.Patches() {
//		…
//	}
//
// A hub sends changes only to a connected module and keeps nothing for later.
// So whenever the connection was lost, the client signs in again with a new
// token, subscribes again, reads the twin and delivers the difference. See
// [Client.SubscribeDesired] for what exactly is guaranteed, and
// [Subscription.State] for the state that the changes start from. A common
// mistake of other clients is to rely on the hub to remember their
// subscriptions: if it has forgotten them, they receive nothing more.
//
// The package uses MQTT 3.1.1 as described at
// https://learn.microsoft.com/azure/iot/iot-mqtt-connect-to-iot-hub.
package iotmodule
