package main

import (
	"testing"

	"moduletwin/pkg/sample/sampletest"
)

func moduleSet(value string) func(*testing.T) sampletest.Env {
	return sampletest.Set("IOTHUB_MODULE_CONNECTION_STRING", value)
}

// mistakes lists what learners get wrong.
var mistakes = []sampletest.Mistake{
	// Mistakes that are found before anything is sent.
	{
		Name: "nothing set",
		Env:  moduleSet(""),
		Code: 2,
		Says: `receivemoduletwinpatch: IOTHUB_MODULE_CONNECTION_STRING is not set: it has to be the connection string of a module
Run bin/createmodule in the window of the service apps, and paste the last line of its output into this one.`,
	},
	{
		Name: "string of a policy for a module",
		Env:  moduleSet(sampletest.PolicyString("localhost:8883")),
		Code: 2,
		Says: `receivemoduletwinpatch: IOTHUB_MODULE_CONNECTION_STRING: iothub: connection string: this one belongs to shared access policy "serviceAndRegistryReadWrite"; use that of a module (with ModuleId)
Run bin/createmodule in the window of the service apps, and paste the last line of its output into this one.`,
	},
	{
		Name: "string of a device for a module",
		Env:  moduleSet("HostName=localhost;DeviceId=myFirstDevice;SharedAccessKey=" + sampletest.SomeKey),
		Code: 2,
		Says: `receivemoduletwinpatch: IOTHUB_MODULE_CONNECTION_STRING: iothub: connection string: this one belongs to device "myFirstDevice"; use that of a module (with ModuleId)
Run bin/createmodule in the window of the service apps, and paste the last line of its output into this one.`,
	},
	{
		Name: "the whole line of createmodule",
		Env:  moduleSet("module connection string = " + sampletest.ModuleString("localhost")),
		Code: 2,
		Says: `receivemoduletwinpatch: IOTHUB_MODULE_CONNECTION_STRING: iothub: connection string: leave out everything before HostName=
Run bin/createmodule in the window of the service apps, and paste the last line of its output into this one.`,
	},
	{
		Name: "the whole line of createmodule, in quotes",
		Env:  moduleSet(`"module connection string = ` + sampletest.ModuleString("localhost") + `"`),
		Code: 2,
		Says: `receivemoduletwinpatch: IOTHUB_MODULE_CONNECTION_STRING: iothub: connection string: leave out everything before HostName=
Run bin/createmodule in the window of the service apps, and paste the last line of its output into this one.`,
	},
	{
		Name: "X.509",
		Env:  moduleSet("HostName=localhost;DeviceId=d;ModuleId=m;X509=true"),
		Code: 2,
		Says: `receivemoduletwinpatch: IOTHUB_MODULE_CONNECTION_STRING: iothub: connection string: x509: X.509 certificates are not supported; use an identity with symmetric keys
Run bin/createmodule in the window of the service apps, and paste the last line of its output into this one.`,
	},
	{
		Name: "IoT Edge",
		Env:  moduleSet(sampletest.ModuleString("localhost") + ";GatewayHostName=edge"),
		Code: 2,
		Says: `receivemoduletwinpatch: IOTHUB_MODULE_CONNECTION_STRING: iothub: connection string: GatewayHostName: IoT Edge gateways are not supported; use the connection string without it
Run bin/createmodule in the window of the service apps, and paste the last line of its output into this one.`,
	},

	// Trouble with the network.
	{
		Name: "nothing listens, for a module",
		Env: func(t *testing.T) sampletest.Env {
			return sampletest.Module(sampletest.ModuleString(sampletest.ClosedPort), "")
		},
		Code: 1,
		Says: `receivemoduletwinpatch: iotmodule: sign in as module "myFirstModule" on device "myFirstDevice": dial tcp 127.0.0.1:8883: …
Nothing is listening there. Is the local hub running, at the port of the connection string? Start it in another window with bin/localhub; if it runs there and was told to refuse connections, type unblock.`,
	},

	// Mistakes that the hub refuses.
	{
		Name: "module that may not sign in",
		Env: func(t *testing.T) sampletest.Env {
			hub := sampletest.NewHub(t)
			return hub.UnknownKey()
		},
		Code: 1,
		Says: `receivemoduletwinpatch: iothub: sign in as module "myFirstModule" on device "myFirstDevice": 401 Unauthorized: the hub refused the sign-in (CONNACK 5)
The module may not exist, its key may have changed, or the clock of this machine may be wrong: Azure does not say which; the local hub shows the reason in its window. Run bin/createmodule in the window of the service apps, and paste the last line of its output into this one.`,
	},

	// Servers that are not hubs.
	{
		Name: "not MQTT",
		Env: func(t *testing.T) sampletest.Env {
			host, caFile := sampletest.TLSServer(t, "HTTP/1.1 400 Bad Request\r\n\r\n")
			return sampletest.Module(sampletest.ModuleString(host), caFile)
		},
		Code: 1,
		Says: `receivemoduletwinpatch: iotmodule: sign in as module "myFirstModule" on device "myFirstDevice": …
The connection was closed. If that is the local hub, its window says why.`,
	},
}

func TestMistakes(t *testing.T) { sampletest.MakeMistakes(t, mistakes) }

func TestTroubleshooting(t *testing.T) {
	sampletest.CheckTroubleshooting(t, "receivemoduletwinpatch", mistakes, contested)
}
