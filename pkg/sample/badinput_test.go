package sample_test

import (
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"moduletwin/pkg/iothub"
)

const (
	create  = "createmodule"
	update  = "updatemoduletwin"
	receive = "receivemoduletwinpatch"
)

// badInput is a call of a program that has to fail.
type badInput struct {
	name     string
	program  string
	args     []string
	settings func(t *testing.T) map[string]string
	code     int
	stderr   string // in one or two lines: what, why, what to do
}

// set makes settings that need nothing to be prepared.
func set(name, value string) func(*testing.T) map[string]string {
	return func(*testing.T) map[string]string { return map[string]string{name: value} }
}

func hubSet(value string) func(*testing.T) map[string]string {
	return set("IOTHUB_CONNECTION_STRING", value)
}

func moduleSet(value string) func(*testing.T) map[string]string {
	return set("IOTHUB_MODULE_CONNECTION_STRING", value)
}

// badInputs lists what learners get wrong.
var badInputs = []badInput{
	// What is found before anything is sent.
	{"nothing set, createmodule", create, nil, hubSet(""), 2, `createmodule: IOTHUB_CONNECTION_STRING is not set. It has to be the connection string of a shared access policy of the hub.
The local hub prints it when it starts (bin/localhub); in the Azure portal it is under "Shared access policies".`},
	{"nothing set, updatemoduletwin", update, nil, hubSet(""), 2, `updatemoduletwin: IOTHUB_CONNECTION_STRING is not set. It has to be the connection string of a shared access policy of the hub.
The local hub prints it when it starts (bin/localhub); in the Azure portal it is under "Shared access policies".`},
	{"nothing set, receivemoduletwinpatch", receive, nil, moduleSet(""), 2, `receivemoduletwinpatch: IOTHUB_MODULE_CONNECTION_STRING is not set. It has to be the connection string of a module.
It is the last line that createmodule prints.`},
	{"string of a module for the service side", create, nil, hubSet(moduleString("localhost:8883")), 2, `createmodule: iothub: this is the connection string of module "myFirstModule" of device "myFirstDevice"; needed is that of a shared access policy (with SharedAccessKeyName)`},
	{"string of a policy for a module", receive, nil, moduleSet(policyString("localhost:8883")), 2, `receivemoduletwinpatch: iotmodule: invalid input: this is the connection string of shared access policy "service"; needed is that of a module (with ModuleId)`},
	{"string of a device for a module", receive, nil, moduleSet("HostName=localhost;DeviceId=myFirstDevice;SharedAccessKey=" + someKey), 2, `receivemoduletwinpatch: iotmodule: invalid input: this is the connection string of device "myFirstDevice"; needed is that of a module (with ModuleId)`},
	{"cut by the shell", create, nil, hubSet("HostName=localhost:8883"), 2, `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: only HostName is there: the shell may have cut it at the first semicolon, so put the whole value in quotes
The local hub prints it when it starts (bin/localhub); in the Azure portal it is under "Shared access policies".`},
	{"truncated key", create, nil, hubSet(strings.TrimSuffix(policyString("localhost:8883"), "=")), 2, `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: SharedAccessKey: the key is not complete: it has 43 characters, base64 comes in fours (keys mostly end in =)
The local hub prints it when it starts (bin/localhub); in the Azure portal it is under "Shared access policies".`},
	{"key that is not base64", create, nil, hubSet("HostName=localhost;SharedAccessKeyName=service;SharedAccessKey=not~base64~at~all~!!"), 2, `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: SharedAccessKey: the key is not base64
The local hub prints it when it starts (bin/localhub); in the Azure portal it is under "Shared access policies".`},
	{"empty key", create, nil, hubSet("HostName=localhost;SharedAccessKeyName=service;SharedAccessKey="), 2, `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: SharedAccessKey: the key is empty
The local hub prints it when it starts (bin/localhub); in the Azure portal it is under "Shared access policies".`},
	{"no name of a policy", create, nil, hubSet("HostName=localhost;SharedAccessKey=" + someKey), 2, `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: SharedAccessKeyName (of a policy) or DeviceId (of a device or module) is missing
The local hub prints it when it starts (bin/localhub); in the Azure portal it is under "Shared access policies".`},
	{"no host", create, nil, hubSet("SharedAccessKeyName=service;SharedAccessKey=" + someKey), 2, `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: HostName is missing
The local hub prints it when it starts (bin/localhub); in the Azure portal it is under "Shared access policies".`},
	{"no key", create, nil, hubSet("HostName=localhost;SharedAccessKeyName=service"), 2, `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: SharedAccessKey is missing
The local hub prints it when it starts (bin/localhub); in the Azure portal it is under "Shared access policies".`},
	{"no string at all", create, nil, hubSet("myhub"), 2, `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: a part has no "=": the form is Name=Value;Name=Value
The local hub prints it when it starts (bin/localhub); in the Azure portal it is under "Shared access policies".`},
	{"unknown part", create, nil, hubSet(policyString("localhost") + ";EntityPath=x"), 2, `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: it has a part that is none of HostName, DeviceId, ModuleId, SharedAccessKeyName and SharedAccessKey
The local hub prints it when it starts (bin/localhub); in the Azure portal it is under "Shared access policies".`},
	{"X.509", receive, nil, moduleSet("HostName=localhost;DeviceId=d;ModuleId=m;x509=true"), 2, `receivemoduletwinpatch: IOTHUB_MODULE_CONNECTION_STRING: iothub: connection string: x509: X.509 certificates are not supported; take an identity with symmetric keys
It is the last line that createmodule prints.`},
	{"IoT Edge", receive, nil, moduleSet(moduleString("localhost") + ";GatewayHostName=edge"), 2, `receivemoduletwinpatch: IOTHUB_MODULE_CONNECTION_STRING: iothub: connection string: GatewayHostName: IoT Edge gateways are not supported; take the string without it
It is the last line that createmodule prints.`},
	{"ready-made token", create, nil, hubSet("HostName=localhost;SharedAccessSignature=SharedAccessSignature sr=x&sig=y&se=1"), 2, `createmodule: IOTHUB_CONNECTION_STRING: iothub: connection string: SharedAccessSignature: holds a ready-made token; take the string with the key (SharedAccessKey)
The local hub prints it when it starts (bin/localhub); in the Azure portal it is under "Shared access policies".`},
	{"strange id", create, []string{"-device", "my device"}, hubSet(policyString("localhost:1")), 2, `createmodule: iothub: create device "my device": the device id contains ' '; allowed are ASCII letters, digits and - : . + % _ # * ? ! ( ) , = @ ; $ '`},
	{"long id", update, []string{"-module", strings.Repeat("m-", 64) + "m"}, hubSet(policyString("localhost:1")), 2, `updatemoduletwin: iothub: get twin of module "…" on device "myFirstDevice": the module id has 129 characters, the limit is 128`},
	{"empty id", update, []string{"-device", ""}, hubSet(policyString("localhost:1")), 2, `updatemoduletwin: iothub: get twin of module "myFirstModule" on device "": the device id is empty`},
	{"argument without a flag", create, []string{"myFirstDevice"}, hubSet(""), 2, `createmodule: unexpected argument "myFirstDevice"; -h shows the flags`},
	{"-set without a value", update, []string{"-set", "telemetryInterval"}, hubSet(""), 2, `updatemoduletwin: invalid value "telemetryInterval" for flag -set: it has to be name=value; -h shows the flags`},
	{"-set of what is the hub's", update, []string{"-set", "$version=9"}, hubSet(""), 2, `updatemoduletwin: invalid value "$version=9" for flag -set: names with a $ are the hub's own; -h shows the flags`},
	{"file with certificates is missing", create, nil, func(t *testing.T) map[string]string {
		return service(policyString("localhost:8883"), "missing.pem")
	}, 2, `createmodule: iothub: IOTHUB_CA_FILE: open missing.pem: …`},

	// The network.
	{"nothing listens", create, nil, func(t *testing.T) map[string]string {
		return service(policyString(closedPort(t)), "")
	}, 1, `createmodule: iothub: create device "myFirstDevice": dial tcp 127.0.0.1:8883: …
Nothing is listening there. Is the local hub running, at the port of the connection string? Start it in another prompt: bin/localhub`},
	{"nothing listens, for a module", receive, nil, func(t *testing.T) map[string]string {
		return module(moduleString(closedPort(t)), "")
	}, 1, `receivemoduletwinpatch: iotmodule: sign in as module "myFirstModule" of device "myFirstDevice": dial tcp 127.0.0.1:8883: …
Nothing is listening there. Is the local hub running, at the port of the connection string? Start it in another prompt: bin/localhub`},
	{"host name that does not exist", create, nil, hubSet(policyString("my..hub")), 1, `createmodule: iothub: create device "myFirstDevice": dial tcp: lookup my..hub: no such host
The host name was not found. Check HostName in the connection string, and the network.`},
	{"certificate of somebody else", create, nil, func(t *testing.T) map[string]string {
		host, _ := impostor(t, http.NotFound)
		return service(policyString(host), "")
	}, 1, `createmodule: iothub: create device "myFirstDevice": tls: failed to verify certificate: x509: certificate signed by unknown authority
It is not the certificate of the local hub on this machine. Start the hub again, or name its certificate in IOTHUB_CA_FILE.`},
	{"certificate for another name", create, nil, func(t *testing.T) map[string]string {
		host, caFile := impostor(t, http.NotFound)
		return service(policyString(strings.Replace(host, "127.0.0.1", "localhost", 1)), caFile)
	}, 1, `createmodule: iothub: create device "myFirstDevice": tls: failed to verify certificate: x509: …
The certificate is for another host. Check HostName in the connection string.`},
	{"no TLS", create, nil, func(t *testing.T) map[string]string {
		return service(policyString(chatter(t, "SSH-2.0-OpenSSH\r\n")), "")
	}, 1, `createmodule: iothub: create device "myFirstDevice": tls: first record does not look like a TLS handshake
What answers there does not speak TLS. Check the host and port in the connection string.`},

	// What the hub refuses.
	{"wrong key of a policy", create, nil, func(t *testing.T) map[string]string {
		w := newWorld(t)
		return service(policyString(w.hub.HostName()), w.caFile)
	}, 1, `createmodule: iothub: create device "myFirstDevice": 401 IotHubUnauthorizedAccess: Unauthorized
It needs a policy with the permission Registry Write. Policy "service" may lack it, or its key has changed: copy the connection string again.`},
	{"permission to write is missing", create, nil, func(t *testing.T) map[string]string {
		return newWorld(t).service("service")
	}, 1, `createmodule: iothub: create device "myFirstDevice": 401 IotHubUnauthorizedAccess: Unauthorized
It needs a policy with the permission Registry Write. Policy "service" may lack it, or its key has changed: copy the connection string again.`},
	{"permission for twins is missing", update, nil, func(t *testing.T) map[string]string {
		w := newWorld(t)
		w.hub.AddModule("myFirstDevice", "myFirstModule")
		return w.service("registryReadWrite")
	}, 1, `updatemoduletwin: iothub: get twin of module "myFirstModule" on device "myFirstDevice": 401 IotHubUnauthorizedAccess: Unauthorized
It needs a policy with the permission Service Connect. Policy "registryReadWrite" may lack it, or its key has changed: copy the connection string again.`},
	{"module that does not exist", update, nil, func(t *testing.T) map[string]string {
		w := newWorld(t)
		w.hub.AddModule("myFirstDevice", "another")
		return w.service("service")
	}, 1, `updatemoduletwin: iothub: get twin of module "myFirstModule" on device "myFirstDevice": 404 ModuleNotFound: myFirstDevice/myFirstModule
Run createmodule first. In ids, upper and lower case differ`},
	{"device that does not exist", update, nil, func(t *testing.T) map[string]string {
		return newWorld(t).service("service")
	}, 1, `updatemoduletwin: iothub: get twin of module "myFirstModule" on device "myFirstDevice": 404 DeviceNotFound: myFirstDevice
Run createmodule first. In ids, upper and lower case differ`},
	{"module that may not sign in", receive, nil, func(t *testing.T) map[string]string {
		w := newWorld(t)
		return module(moduleString(w.hub.HostName()), w.caFile)
	}, 1, `receivemoduletwinpatch: iothub: sign in as module "myFirstModule" of device "myFirstDevice": 401 Unauthorized: the hub refused the sign-in (CONNACK 5)
The module may not exist, its key may have changed, or the clock of this machine is wrong: a hub does not say. Run createmodule again and copy the connection string; a local hub names the reason in its window.`},
	{"module that signs in with a certificate", create, nil, func(t *testing.T) map[string]string {
		w := newWorld(t)
		w.hub.AddModule("myFirstDevice", "")
		registry, err := iothub.NewRegistry(w.hub.ConnectionString("iothubowner"), w.hub.Options())
		if err != nil {
			t.Fatal(err)
		}
		defer registry.Close()
		module := iothub.Module{DeviceID: "myFirstDevice", ModuleID: "myFirstModule", Authentication: iothub.Authentication{Type: "certificateAuthority"}}
		if _, err := registry.CreateModule(t.Context(), module); err != nil {
			t.Fatal(err)
		}
		return w.service("serviceAndRegistryReadWrite")
	}, 1, `createmodule: module "myFirstModule" has no connection string: iothub: connection string: SharedAccessKey is missing`},
	{"semicolon in an id", create, []string{"-module", "a;b"}, func(t *testing.T) map[string]string {
		return newWorld(t).service("serviceAndRegistryReadWrite")
	}, 1, `createmodule: module "a;b" has no connection string: iothub: connection string: an id with a semicolon cannot stand in it`},
	{"name of a property with a dot", update, []string{"-set", "limits.max=40"}, func(t *testing.T) map[string]string {
		w := newWorld(t)
		w.hub.AddModule("myFirstDevice", "myFirstModule")
		return w.service("service")
	}, 1, `updatemoduletwin: iothub: update twin of module "myFirstModule" on device "myFirstDevice": 400 ArgumentInvalid: Property or Tag name has invalid characters. Error in Property/Tag limits.max. Must not contain Control Characters, '.', '$', '#', or ' '.`},
	{"twin changed in the meantime", update, nil, func(t *testing.T) map[string]string {
		return imposed(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPatch {
				w.WriteHeader(http.StatusPreconditionFailed)
				io.WriteString(w, `{"Message":"ErrorCode:PreconditionFailed;Precondition failed","ExceptionMessage":""}`)
				return
			}
			io.WriteString(w, `{"etag":"AAAAAAAAAAE=","properties":{"desired":{"$version":1},"reported":{"$version":1}}}`)
		})
	}, 1, `updatemoduletwin: iothub: update twin of module "myFirstModule" on device "myFirstDevice": 412 PreconditionFailed: Precondition failed
The twin was changed by somebody else in the meantime. Run updatemoduletwin again`},
	{"wrong clock", create, nil, func(t *testing.T) map[string]string {
		return imposed(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(3*time.Hour).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusUnauthorized)
		})
	}, 1, `createmodule: iothub: create device "myFirstDevice": 401 Unauthorized
The clock of this machine is slow by 3h0m0s, so that its SAS tokens have expired.`},

	// Those who are no hub.
	{"page of a proxy", create, nil, func(t *testing.T) map[string]string {
		return imposed(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<html>Please sign in</html>")
		})
	}, 1, `createmodule: iothub: create device "myFirstDevice": 200, but the answer ("text/html") is not an IoT hub's
Check HostName in the connection string; a proxy may be answering in its place.`},
	{"page of a proxy, refusing", create, nil, func(t *testing.T) map[string]string {
		return imposed(t, func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "<html>no</html>", http.StatusForbidden)
		})
	}, 1, `createmodule: iothub: create device "myFirstDevice": 403 Forbidden: the answer ("text/plain") is not an IoT hub's
Check HostName in the connection string; a proxy may be answering in its place.`},
	{"not MQTT", receive, nil, func(t *testing.T) map[string]string {
		host, caFile := impostorTLS(t, "HTTP/1.1 400 Bad Request\r\n\r\n")
		return module(moduleString(host), caFile)
	}, 1, `receivemoduletwinpatch: iotmodule: sign in as module "myFirstModule" of device "myFirstDevice": …
The connection was closed. If that is the local hub, its window says why.`},
	{"fragment of an answer", update, nil, func(t *testing.T) map[string]string {
		return imposed(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"etag":`)
		})
	}, 1, `updatemoduletwin: iothub: get twin of module "myFirstModule" on device "myFirstDevice": 200, but the answer ("application/json") is not an IoT hub's
Check HostName in the connection string; a proxy may be answering in its place.`},
}

// TestBadInput also shows that no message holds a key or a token.
func TestBadInput(t *testing.T) {
	for _, c := range badInputs {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := run(t, c.settings(t), c.program, c.args...)
			stderr := plain(got.stderr)
			if got.code != c.code || !matches(stderr, c.stderr) {
				t.Errorf("exit code %d, want %d; it says\n%s\nwant\n%s", got.code, c.code, stderr, c.stderr)
			}
			if n := strings.Count(stderr, "\n"); n > 1 {
				t.Errorf("%d lines, want one or two", n+1)
			}
			if secret.MatchString(got.stderr) {
				t.Error("it tells a secret")
			}
		})
	}
}

// matches reports whether text is what is wanted, where "…" stands for what
// systems and versions of Go say differently.
func matches(text, want string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*")
	return regexp.MustCompile("(?s)^" + pattern + "$").MatchString(text)
}

// imposed are the settings with which the service side takes an impostor for
// its hub.
func imposed(t *testing.T, handler http.HandlerFunc) map[string]string {
	host, caFile := impostor(t, handler)
	return service(policyString(host), caFile)
}

// closedPort returns an address at which nothing listens.
func closedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	return l.Addr().String()
}

// chatter speaks first, and no TLS.
func chatter(t *testing.T, words string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	answerAll(t, l, words)
	return l.Addr().String()
}
