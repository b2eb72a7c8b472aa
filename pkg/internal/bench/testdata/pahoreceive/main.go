// This program does what barereceive does, but uses paho instead of building
// the packets by hand. It shows how much of receivemoduletwinpatch's time is
// spent in paho.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"moduletwin/pkg/iothub"
)

func main() {
	module, err := iothub.ParseConnectionString(os.Getenv("IOTHUB_MODULE_CONNECTION_STRING"))
	check(err)
	pem, err := os.ReadFile(os.Getenv("IOTHUB_CA_FILE"))
	check(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	id := module.DeviceID + "/" + module.ModuleID
	client := mqtt.NewClient(mqtt.NewClientOptions().
		AddBroker("tls://" + module.HostName).
		SetTLSConfig(&tls.Config{RootCAs: roots}).
		SetProtocolVersion(4).
		SetClientID(id).
		SetUsername(module.Host() + "/" + id + "/?api-version=2021-04-12").
		SetPassword(module.NewSASToken(time.Now().Add(time.Hour)).Reveal()).
		SetCleanSession(false))
	connected := client.Connect()
	connected.Wait()
	check(connected.Error())
	subscribed := client.Subscribe("$iothub/twin/PATCH/properties/desired/#", 1, func(_ mqtt.Client, m mqtt.Message) {
		fmt.Println(string(m.Payload()))
	})
	subscribed.Wait()
	check(subscribed.Error())
	fmt.Println("waiting")
	select {}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
