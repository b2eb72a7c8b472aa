// Package iotmodule is the module side of Azure IoT Hub: a client that signs
// in as a module over MQTT, reads its twin, reports properties, and never
// loses a change of the desired ones.
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
// A hub announces changes only to a module that is connected and keeps
// nothing for one that is not. So whenever the connection was lost, the client
// signs in again with a new token, subscribes again, reads the twin and
// delivers the difference. See [Client.SubscribeDesired] for the promise in
// full, and [Subscription.State] for the state beside the changes. A common
// mistake is to trust the hub's memory of subscriptions: when the hub has lost
// it, such a client stays deaf.
//
// The package speaks MQTT 3.1.1 as described at
// https://learn.microsoft.com/azure/iot/iot-mqtt-connect-to-iot-hub.
package iotmodule
