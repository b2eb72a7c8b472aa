package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/sample/sampletest"
)

// mistakes lists what learners get wrong.
var mistakes = []sampletest.Mistake{
	// Mistakes that are found before anything is sent.
	{
		Name: "nothing set",
		Env:  sampletest.SetHub(""),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING is not set: it has to be the connection string of a shared access policy of the hub
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "string of a module for the service side",
		Env:  sampletest.SetHub(sampletest.ModuleString("localhost:8883")),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: this one belongs to module "myFirstModule" on device "myFirstDevice"; use that of a shared access policy (with SharedAccessKeyName)
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "cut by the shell",
		Env:  sampletest.SetHub("HostName=localhost:8883"),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: only HostName is there: the shell may have cut it off at the first semicolon; put the whole value in quotes
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "truncated key",
		Env:  sampletest.SetHub(strings.TrimSuffix(sampletest.PolicyString("localhost:8883"), "=")),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: SharedAccessKey: the key is incomplete: it has 43 characters, but base64 comes in groups of four (most keys end in =)
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "key that is not base64",
		Env:  sampletest.SetHub("HostName=localhost;SharedAccessKeyName=service;SharedAccessKey=not~base64~at~all~!!"),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: SharedAccessKey: the key is not base64
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "key left out",
		Env:  sampletest.SetHub("HostName=localhost;SharedAccessKeyName=service;SharedAccessKey=…"),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: SharedAccessKey: this is a placeholder: put the whole key there
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "empty key",
		Env:  sampletest.SetHub("HostName=localhost;SharedAccessKeyName=service;SharedAccessKey="),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: SharedAccessKey: the key is empty
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "no name of a policy",
		Env:  sampletest.SetHub("HostName=localhost;SharedAccessKey=" + sampletest.SomeKey),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: SharedAccessKeyName (of a policy) or DeviceId (of a device or module) is missing
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "no host",
		Env:  sampletest.SetHub("SharedAccessKeyName=service;SharedAccessKey=" + sampletest.SomeKey),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: HostName is missing
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "no key",
		Env:  sampletest.SetHub("HostName=localhost;SharedAccessKeyName=service"),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: SharedAccessKey is missing
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "not a connection string",
		Env:  sampletest.SetHub("myhub"),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: a part has no "=": the form is Name=Value;Name=Value
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "unknown part",
		Env:  sampletest.SetHub(sampletest.PolicyString("localhost") + ";Owner=x"),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: it has a part other than HostName, DeviceId, ModuleId, SharedAccessKeyName and SharedAccessKey
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "copied with the text before it",
		Env:  sampletest.SetHub(`IOTHUB_CONNECTION_STRING="` + sampletest.PolicyString("localhost") + `"`),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: leave out everything before HostName=
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "string of an Event Hubs endpoint",
		Env:  sampletest.SetHub("Endpoint=sb://ihsuprod.servicebus.windows.net/;SharedAccessKeyName=service;SharedAccessKey=" + sampletest.SomeKey + ";EntityPath=iothub-ehub"),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: Endpoint: this belongs to the connection string of an Event Hubs endpoint, which is for reading messages; use one that begins with HostName=
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "byte order mark",
		Env:  sampletest.SetHub("\ufeff" + sampletest.PolicyString("localhost")),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: character 1 is a byte order mark (U+FEFF), which cannot be seen: leave it out
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "line break in the name of the policy",
		Env:  sampletest.SetHub(strings.Replace(sampletest.PolicyString("localhost"), "service", "servic\ne", 1)),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: character 46 is a line break (U+000A), which cannot be seen: leave it out
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "two semicolons",
		Env:  sampletest.SetHub(sampletest.PolicyString("localhost") + ";;"),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: there is one semicolon too many
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "two keys",
		Env:  sampletest.SetHub(sampletest.PolicyString("localhost") + sampletest.SomeKey),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: SharedAccessKey: something follows the = at the end of the key
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "key that is too long",
		Env:  sampletest.SetHub("HostName=localhost;SharedAccessKeyName=service;SharedAccessKey=" + strings.Repeat("c2Vj", 22)),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: SharedAccessKey: the key is too long: it has 66 bytes, hubs use 16 to 64
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "ready-made token",
		Env:  sampletest.SetHub("HostName=localhost;SharedAccessSignature=SharedAccessSignature sr=x&sig=y&se=1"),
		Code: 2,
		Says: `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: SharedAccessSignature: this is a ready-made token; use the connection string with the key (SharedAccessKey)
Paste into this window the line that bin/localhub prints; in the Azure portal, the connection string is under "Shared access policies".`,
	},
	{
		Name: "id with a space",
		Args: []string{"-device", "my device"},
		Env:  sampletest.SetHub(sampletest.PolicyString("localhost:1")),
		Code: 2,
		Says: `createmodule: iothub: create device "my device": the device id contains ' '; allowed are ASCII letters, digits and - : . + % _ # * ? ! ( ) , = @ ; $ '`,
	},
	{
		Name: "argument without a flag",
		Args: []string{"myFirstDevice"},
		Env:  sampletest.SetHub(""),
		Code: 2,
		Says: `createmodule: unexpected argument "myFirstDevice"; -h shows the flags`,
	},
	{
		Name: "file with certificates is missing",
		Env: func(t *testing.T) sampletest.Env {
			return sampletest.Service(sampletest.PolicyString("localhost:8883"), "missing.pem")
		},
		Code: 2,
		Says: `createmodule: iothub: IOTHUB_CA_FILE: open missing.pem: …`,
	},

	// Trouble with the network.
	{
		Name: "nothing listens",
		Env: func(t *testing.T) sampletest.Env {
			return sampletest.Service(sampletest.PolicyString(sampletest.ClosedPort), "")
		},
		Code: 1,
		Says: `createmodule: iothub: create device "myFirstDevice": dial tcp 127.0.0.1:8883: …
Nothing is listening there. Is the local hub running, at the port of the connection string? Start it in another window with bin/localhub; if it runs there and was told to refuse connections, type unblock.`,
	},
	{
		Name: "host name that does not exist",
		Env:  sampletest.SetHub(sampletest.PolicyString("my..hub")),
		Code: 1,
		Says: `createmodule: iothub: create device "myFirstDevice": dial tcp: lookup my..hub: no such host
The host name was not found. Check HostName in the connection string, and the network.`,
	},
	{
		Name: "certificate of somebody else",
		Env: func(t *testing.T) sampletest.Env {
			host, _ := sampletest.HTTPSServer(t, http.NotFound)
			return sampletest.Service(sampletest.PolicyString(host), "")
		},
		Code: 1,
		Says: `createmodule: iothub: create device "myFirstDevice": tls: failed to verify certificate: x509: certificate signed by unknown authority
A hub of another user, or another program, is listening on this port. End it, or set IOTHUB_CA_FILE to the file that the window of that hub shows after Certificate.`,
	},
	{
		Name: "certificate for another name",
		Env: func(t *testing.T) sampletest.Env {
			host, caFile := sampletest.HTTPSServer(t, http.NotFound)
			return sampletest.Service(sampletest.PolicyString(strings.Replace(host, "127.0.0.1", "localhost", 1)), caFile)
		},
		Code: 1,
		Says: `createmodule: iothub: create device "myFirstDevice": tls: failed to verify certificate: x509: …
The certificate is for another host. Check HostName in the connection string.`,
	},
	{
		Name: "not TLS",
		Env: func(t *testing.T) sampletest.Env {
			return sampletest.Service(sampletest.PolicyString(sampletest.TCPServer(t, "SSH-2.0-OpenSSH\r\n")), "")
		},
		Code: 1,
		Says: `createmodule: iothub: create device "myFirstDevice": tls: first record does not look like a TLS handshake
The server there does not speak TLS. Check the host and port in the connection string.`,
	},

	// Mistakes that the hub refuses.
	{
		Name: "wrong key of a policy",
		Env: func(t *testing.T) sampletest.Env {
			hub := sampletest.NewHub(t)
			return hub.UnknownKey()
		},
		Code: 1,
		Says: `createmodule: iothub: create device "myFirstDevice": 401 IotHubUnauthorizedAccess: Unauthorized
The key of policy "serviceAndRegistryReadWrite" is probably wrong: copy the connection string again. If that does not help, the policy lacks the permission Registry Write. The local hub shows the reason in its window.`,
	},
	{
		Name: "permission to write is missing",
		Env: func(t *testing.T) sampletest.Env {
			return sampletest.NewHub(t).Service("service")
		},
		Code: 1,
		Says: `createmodule: iothub: create device "myFirstDevice": 401 IotHubUnauthorizedAccess: Unauthorized
This needs the permission Registry Write, which policy "service" does not have on a new hub: use the connection string of another policy, such as iothubowner.`,
	},
	{
		Name: "module that signs in with a certificate",
		Env: func(t *testing.T) sampletest.Env {
			hub := sampletest.NewHub(t)
			hub.AddDevice("myFirstDevice")
			registry, err := iothub.NewRegistry(hub.ConnectionString(localhub.PolicyIoTHubOwner), &iothub.Options{RootCAs: hub.RootCAs()})
			if err != nil {
				t.Fatal(err)
			}
			defer registry.CloseIdleConnections()
			module := iothub.Module{DeviceID: "myFirstDevice", ModuleID: "myFirstModule", Authentication: iothub.Authentication{Type: "certificateAuthority"}}
			if _, err := registry.CreateModule(t.Context(), module); err != nil {
				t.Fatal(err)
			}
			return hub.Service("serviceAndRegistryReadWrite")
		},
		Code: 1,
		Says: `createmodule: device/module <myFirstDevice/myFirstModule> has no symmetric key: it was created to sign in differently, for example with a certificate
Choose another id, with -device or -module.`,
	},
	{
		Name: "device that signs in with a certificate",
		Env: func(t *testing.T) sampletest.Env {
			return sampletest.ServedBy(t, func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, `{"deviceId":"myFirstDevice","authentication":{"type":"selfSigned","symmetricKey":{"primaryKey":null,"secondaryKey":null}}}`)
			})
		},
		Code: 1,
		Says: `createmodule: device <myFirstDevice> has no symmetric key: it was created to sign in differently, for example with a certificate
Choose another id, with -device or -module.`,
	},
	{
		Name: "semicolon in an id",
		Args: []string{"-module", "a;b"},
		Env: func(t *testing.T) sampletest.Env {
			return sampletest.NewHub(t).Service("serviceAndRegistryReadWrite")
		},
		Code: 1,
		Says: `createmodule: module "a;b" on device "myFirstDevice" has no connection string: iothub: connection string: an id with a semicolon cannot be part of it`,
	},
	{
		Name: "wrong clock",
		Env: func(t *testing.T) sampletest.Env {
			return sampletest.ServedBy(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", time.Now().Add(3*time.Hour).UTC().Format(http.TimeFormat))
				w.WriteHeader(http.StatusUnauthorized)
			})
		},
		Code: 1,
		Says: `createmodule: iothub: create device "myFirstDevice": 401 Unauthorized
The clock of this machine is 3h0m0s slow, so its SAS tokens have already expired.`,
	},

	// Servers that are not hubs.
	{
		Name: "response about another device",
		Env: func(t *testing.T) sampletest.Env {
			return sampletest.ServedBy(t, func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, `{"deviceId":"another"}`)
			})
		},
		Code: 1,
		Says: `createmodule: iothub: create device "myFirstDevice": the response is about device "another"
Check HostName in the connection string; a proxy may be answering in its place.`,
	},
	{
		Name: "error with characters that a terminal interprets",
		Env: func(t *testing.T) sampletest.Env {
			return sampletest.ServedBy(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("iothub-errorcode", "\u009b31mRed")
				w.WriteHeader(http.StatusBadRequest)
				io.WriteString(w, `{"Message":"ErrorCode:Red;\u001b]0;title\u0007\nnext\u202eline"}`)
			})
		},
		Code: 1,
		Says: `createmodule: iothub: create device "myFirstDevice": 400 \u009b31mRed: \x1b]0;title\a next\u202eline`,
	},
	{
		Name: "server that demands a client certificate",
		Env: func(t *testing.T) sampletest.Env {
			host, caFile := sampletest.HTTPSServerWithClientCertificates(t)
			return sampletest.Service(sampletest.PolicyString(host), caFile)
		},
		Code: 1,
		Says: `createmodule: iothub: create device "myFirstDevice": remote error: tls: certificate required
The server demands a client certificate, which an IoT hub never does of clients with a key. Check HostName in the connection string; a proxy may be answering in its place.`,
	},
	{
		Name: "certificate with names that a terminal interprets",
		Env: func(t *testing.T) sampletest.Env {
			return sampletest.Service(sampletest.PolicyString(sampletest.HTTPSServerWithBadName(t)), "")
		},
		Code: 1,
		Says: `createmodule: iothub: create device "myFirstDevice": tls: failed to verify certificate: x509: certificate is valid for red \x1b[31m line, not localhost
The certificate is for another host. Check HostName in the connection string.`,
	},
	{
		Name: "page of a proxy",
		Env: func(t *testing.T) sampletest.Env {
			return sampletest.ServedBy(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				io.WriteString(w, "<html>Please sign in</html>")
			})
		},
		Code: 1,
		Says: `createmodule: iothub: create device "myFirstDevice": 200, but the response ("text/html") is not an IoT hub's
Check HostName in the connection string; a proxy may be answering in its place.`,
	},
	{
		Name: "error page of a proxy",
		Env: func(t *testing.T) sampletest.Env {
			return sampletest.ServedBy(t, func(w http.ResponseWriter, r *http.Request) {
				http.Error(w, "<html>no</html>", http.StatusForbidden)
			})
		},
		Code: 1,
		Says: `createmodule: iothub: create device "myFirstDevice": 403 Forbidden: the response ("text/plain") is not an IoT hub's
Check HostName in the connection string; a proxy may be answering in its place.`,
	},
}

func TestMistakes(t *testing.T) { sampletest.MakeMistakes(t, mistakes) }

func TestTroubleshooting(t *testing.T) {
	sampletest.CheckTroubleshooting(t, "createmodule", mistakes)
}
