// Package hubapi names the version of IoT Hub's interface for which the clients
// of this module are made, over HTTPS and MQTT alike.
package hubapi

// Version is the value of "api-version". See
// https://learn.microsoft.com/rest/api/iothub/.
const Version = "2021-04-12"
