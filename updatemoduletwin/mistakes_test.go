package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"moduletwin/pkg/sample/sampletest"
)

// mistakes lists what learners get wrong.
var mistakes = []sampletest.Mistake{
	// Mistakes that are found before anything is sent.
	{
		Name: "nothing set",
		Env:  sampletest.SetHub(""),
		Code: 2,
		Says: `updatemoduletwin: IOTHUB_CONNECTION_STRING is not set: it has to be the connection string of a shared access policy of the hub
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "long id",
		Args: []string{"-module", strings.Repeat("m-", 64) + "m"},
		Env:  sampletest.SetHub(sampletest.PolicyString("localhost:1")),
		Code: 2,
		Says: `updatemoduletwin: iothub: get twin of module "…" on device "myFirstDevice": the module id has 129 characters, the limit is 128`,
	},
	{
		Name: "empty id",
		Args: []string{"-device", ""},
		Env:  sampletest.SetHub(sampletest.PolicyString("localhost:1")),
		Code: 2,
		Says: `updatemoduletwin: iothub: get twin of module "myFirstModule" on device "": the device id is empty`,
	},
	{
		Name: "-set without a value",
		Args: []string{"-set", "telemetryInterval"},
		Env:  sampletest.SetHub(""),
		Code: 2,
		Says: `updatemoduletwin: invalid value "telemetryInterval" for flag -set: it has to be name=value; -h shows the flags`,
	},
	{
		Name: "-set of a name that is the hub's own",
		Args: []string{"-set", "$version=9"},
		Env:  sampletest.SetHub(""),
		Code: 2,
		Says: `updatemoduletwin: invalid value "$version=9" for flag -set: names that begin with $ are reserved for the hub; -h shows the flags`,
	},

	{
		Name: "JSON without quotes",
		Args: []string{"-set", "limits={max:3}"},
		Env:  sampletest.SetHub(""),
		Code: 2,
		Says: `updatemoduletwin: invalid value "limits={max:3}" for flag -set: it begins like JSON but is not valid: put names and strings in double quotes and the whole in single quotes: -set 'a={"b":3}'; -h shows the flags`,
	},
	{
		Name: "assignment without -set",
		Args: []string{"telemetryInterval=4"},
		Env:  sampletest.SetHub(""),
		Code: 2,
		Says: `updatemoduletwin: unexpected argument "telemetryInterval=4": did you mean -set telemetryInterval=4? -h shows the flags`,
	},
	{
		Name: "-show and -set",
		Args: []string{"-show", "-set", "a=1"},
		Env:  sampletest.SetHub(sampletest.PolicyString("localhost:1")),
		Code: 2,
		Says: `updatemoduletwin: -show and -set cannot be combined`,
	},

	// Mistakes that the hub refuses.
	{
		Name: "permission for twins is missing",
		Env: func(t *testing.T) sampletest.Env {
			hub := sampletest.NewHub(t)
			hub.AddModule("myFirstDevice", "myFirstModule")
			return hub.Service("registryReadWrite")
		},
		Code: 1,
		Says: `updatemoduletwin: iothub: get twin of module "myFirstModule" on device "myFirstDevice": 401 IotHubUnauthorizedAccess: Unauthorized
This needs the permission Service Connect, which policy "registryReadWrite" does not have on a new hub: use the connection string of another policy, such as iothubowner.`,
	},
	{
		Name: "module that does not exist",
		Env: func(t *testing.T) sampletest.Env {
			hub := sampletest.NewHub(t)
			hub.AddModule("myFirstDevice", "another")
			return hub.Service("service")
		},
		Code: 1,
		Says: `updatemoduletwin: iothub: get twin of module "myFirstModule" on device "myFirstDevice": 404 ModuleNotFound: myFirstDevice/myFirstModule
Run createmodule with the same -device and -module first. Ids are case-sensitive.`,
	},
	{
		Name: "device that does not exist",
		Env: func(t *testing.T) sampletest.Env {
			return sampletest.NewHub(t).Service("service")
		},
		Code: 1,
		Says: `updatemoduletwin: iothub: get twin of module "myFirstModule" on device "myFirstDevice": 404 DeviceNotFound: myFirstDevice
Run createmodule with the same -device and -module first. Ids are case-sensitive.`,
	},
	{
		Name: "name of a property with a dot",
		Args: []string{"-set", "limits.max=40"},
		Env: func(t *testing.T) sampletest.Env {
			hub := sampletest.NewHub(t)
			hub.AddModule("myFirstDevice", "myFirstModule")
			return hub.Service("service")
		},
		Code: 1,
		Says: `updatemoduletwin: iothub: update twin of module "myFirstModule" on device "myFirstDevice": 400 ArgumentInvalid: Property or Tag name has invalid characters. Error in Property/Tag limits.max. Must not contain Control Characters, '.', '$', '#', or ' '.`,
	},
	{
		Name: "twin changed in the meantime",
		Env: func(t *testing.T) sampletest.Env {
			return sampletest.ServedBy(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPatch {
					w.WriteHeader(http.StatusPreconditionFailed)
					io.WriteString(w, `{"Message":"ErrorCode:PreconditionFailed;Precondition failed","ExceptionMessage":""}`)
					return
				}
				io.WriteString(w, `{"deviceId":"myFirstDevice","moduleId":"myFirstModule","etag":"AAAAAAAAAAE=","properties":{"desired":{"$version":1},"reported":{"$version":1}}}`)
			})
		},
		Code: 1,
		Says: `updatemoduletwin: iothub: update twin of module "myFirstModule" on device "myFirstDevice": 412 PreconditionFailed: Precondition failed
The twin was changed by somebody else in the meantime. Run updatemoduletwin again.`,
	},

	// Servers that are not hubs.
	{
		Name: "incomplete response",
		Env: func(t *testing.T) sampletest.Env {
			return sampletest.ServedBy(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				io.WriteString(w, `{"etag":`)
			})
		},
		Code: 1,
		Says: `updatemoduletwin: iothub: get twin of module "myFirstModule" on device "myFirstDevice": 200, but the response ("application/json") is not an IoT hub's
Check HostName in the connection string; a proxy may be answering in its place.`,
	},
}

func TestMistakes(t *testing.T) { sampletest.MakeMistakes(t, mistakes) }

func TestTroubleshooting(t *testing.T) {
	sampletest.CheckTroubleshooting(t, "updatemoduletwin", mistakes)
}
