package iothub_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"moduletwin/pkg/iothub"
)

// testKey is a key of the size that hubs make: "0123456789abcdef" twice, in
// base64.
const testKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

func TestParseConnectionString(t *testing.T) {
	var (
		key    = iothub.NewKey([]byte("0123456789abcdef0123456789abcdef"))
		policy = iothub.ConnectionString{HostName: "myhub.azure-devices.net", SharedAccessKeyName: "service", SharedAccessKey: key}
		device = iothub.ConnectionString{HostName: "myhub.azure-devices.net", DeviceID: "d", SharedAccessKey: key}
		module = iothub.ConnectionString{HostName: "myhub.azure-devices.net", DeviceID: "d", ModuleID: "m", SharedAccessKey: key}
	)
	const text = "HostName=myhub.azure-devices.net;SharedAccessKeyName=service;SharedAccessKey=" + testKey
	tests := []struct {
		name, text string
		want       iothub.ConnectionString
	}{
		{"of a policy", text, policy},
		{"of a device", "HostName=myhub.azure-devices.net;DeviceId=d;SharedAccessKey=" + testKey, device},
		{"of a module", "HostName=myhub.azure-devices.net;DeviceId=d;ModuleId=m;SharedAccessKey=" + testKey, module},
		{"in another order", "SharedAccessKey=" + testKey + ";ModuleId=m;DeviceId=d;HostName=myhub.azure-devices.net", module},
		{"of a device, with the key of a policy", "HostName=h;DeviceId=d;SharedAccessKeyName=device;SharedAccessKey=" + testKey,
			iothub.ConnectionString{HostName: "h", DeviceID: "d", SharedAccessKeyName: "device", SharedAccessKey: key}},

		{"semicolon at the end", text + ";", policy},
		{"in the quotes of a word processor", "\u201c" + text + "\u201d", policy},
		{"in double quotes", `"` + text + `"`, policy},
		{"in single quotes, with a line feed", "'" + text + "'\n", policy},
		{"white space around it and in the quotes", " \t\" " + text + " \"\r\n", policy},
		{"white space around names and values", "HostName = myhub.azure-devices.net ; DeviceId = d ; SharedAccessKey = " + testKey, device},

		{"a port", "HostName=localhost:8883;DeviceId=d;SharedAccessKey=" + testKey,
			iothub.ConnectionString{HostName: "localhost:8883", DeviceID: "d", SharedAccessKey: key}},
		{"an IPv6 address with a port", "HostName=[::1]:8883;DeviceId=d;SharedAccessKey=" + testKey,
			iothub.ConnectionString{HostName: "[::1]:8883", DeviceID: "d", SharedAccessKey: key}},
		{"every character an id may have", "HostName=h;DeviceId=aZ09-:.+%_#*?!(),=@$';ModuleId=$edgeAgent;SharedAccessKey=" + testKey,
			iothub.ConnectionString{HostName: "h", DeviceID: "aZ09-:.+%_#*?!(),=@$'", ModuleID: "$edgeAgent", SharedAccessKey: key}},
		{"the longest id", "HostName=h;DeviceId=" + strings.Repeat("d", 128) + ";SharedAccessKey=" + testKey,
			iothub.ConnectionString{HostName: "h", DeviceID: strings.Repeat("d", 128), SharedAccessKey: key}},
		{"a key of another size", "HostName=h;DeviceId=d;SharedAccessKey=a+/Ba+/Ba+/Ba+/Ba+/Baw==", iothub.ConnectionString{HostName: "h", DeviceID: "d",
			SharedAccessKey: iothub.NewKey([]byte{0x6b, 0xef, 0xc1, 0x6b, 0xef, 0xc1, 0x6b, 0xef, 0xc1, 0x6b, 0xef, 0xc1, 0x6b, 0xef, 0xc1, 0x6b})}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := iothub.ParseConnectionString(test.text)
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Fatalf("got %v, %v, want %v", got, err, test.want)
			}
			if again, err := iothub.ParseConnectionString(got.Reveal()); err != nil || !reflect.DeepEqual(again, got) {
				t.Errorf("the result of Reveal is parsed as %v, %v", again, err)
			}
		})
	}
}

func TestParseConnectionStringRefuses(t *testing.T) {
	const rest = ";SharedAccessKeyName=service;SharedAccessKey=" + testKey
	tests := []struct{ name, text, says string }{
		{"empty", "", "it is empty"},
		{"a key cut at a multiple of four", "HostName=h;DeviceId=d;SharedAccessKey=AAAA", "SharedAccessKey: the key is incomplete: it has 3 bytes, hubs use 16 to 64"},
		{"two keys in one", "HostName=h;DeviceId=d;SharedAccessKey=" + strings.Repeat("AAAA", 22), "SharedAccessKey: the key is too long: it has 66 bytes, hubs use 16 to 64"},
		{"a key that is too long by a byte", "HostName=h;DeviceId=d;SharedAccessKey=" + strings.Repeat("AAAA", 21) + "AAA=", "the key is too long: it has 65 bytes"},
		{"a key that is too short by a byte", "HostName=h;DeviceId=d;SharedAccessKey=" + strings.Repeat("AAAA", 5), "the key is incomplete: it has 15 bytes"},
		{"a key twice", "HostName=h;DeviceId=d;SharedAccessKey=" + testKey + testKey, "SharedAccessKey: something follows the = at the end of the key"},
		{"the semicolon after the key is missing", "HostName=h;SharedAccessKey=" + testKey + "DeviceId=d", "SharedAccessKey: something follows the = at the end of the key"},
		{"a device id with a semicolon", "HostName=h;DeviceId=a;b;SharedAccessKey=" + testKey, "the text after DeviceId is not part of a connection string: an id in one cannot contain a semicolon"},
		{"a module id with a semicolon", "HostName=h;DeviceId=d;ModuleId=a;b=c;SharedAccessKey=" + testKey, "the text after ModuleId is not part of a connection string: an id in one cannot contain a semicolon"},
		{"an id that is a path", "HostName=h;DeviceId=..;SharedAccessKey=" + testKey, `the device id ".." would be mistaken for a part of the path`},
		{"nothing but quotes", `""`, "it is empty"},
		{"a single quote", `"`, `no "="`},
		{"something else", "myhub.azure-devices.net", `no "="`},
		{"two semicolons at the end", "HostName=h" + rest + ";;", "there is one semicolon too many"},
		{"two semicolons", "HostName=h;" + rest, "there is one semicolon too many"},
		{"a semicolon at the beginning", ";HostName=h" + rest, "leave out everything before HostName="},
		{"the whole line that createmodule prints", "module connection string = HostName=h;DeviceId=d;ModuleId=m;SharedAccessKey=" + testKey, "leave out everything before HostName="},
		{"the same in quotes", `"module connection string = HostName=h;DeviceId=d;ModuleId=m;SharedAccessKey=` + testKey + `"`, "leave out everything before HostName="},
		{"the line for the shell, in the string", `export IOTHUB_CONNECTION_STRING="HostName=h` + rest + `"`, "leave out everything before HostName="},
		{"a quote at the beginning only", `"HostName=h` + rest, "leave out everything before HostName="},
		{"a quote at the end only", "HostName=h" + rest + `"`, "SharedAccessKey: something follows the = at the end of the key"},
		{"of a device behind a gateway, which comes first", "GatewayHostName=g;HostName=h" + rest, "GatewayHostName: IoT Edge gateways are not supported"},
		{"of an Event Hubs endpoint", "Endpoint=sb://h.servicebus.windows.net/" + rest + ";EntityPath=hub", "Endpoint: this belongs to the connection string of an Event Hubs endpoint, which is for reading messages; use one that begins with HostName="},
		{"with a part of an Event Hubs string", "HostName=h" + rest + ";entitypath=hub", "EntityPath: this belongs to the connection string of an Event Hubs endpoint"},
		{"a byte order mark", "\ufeffHostName=h" + rest, "character 1 is a byte order mark (U+FEFF), which cannot be seen: leave it out"},
		{"a zero-width space", "HostName=h\u200b" + rest, "character 11 is a zero-width space (U+200B), which cannot be seen"},
		{"a no-break space", "HostName=h;\u00a0DeviceId=d", "character 12 is a no-break space (U+00A0)"},
		{"a character that reverses the writing direction", "HostName=h\u202e" + rest, "character 11 is U+202E, which cannot be seen"},
		{"a line break in the name of a policy", "HostName=h;SharedAccessKeyName=serviceAndRegistryReadWrit\ne;SharedAccessKey=" + testKey, "character 58 is a line break (U+000A), which cannot be seen: leave it out"},
		{"a line break in the key", "HostName=h;SharedAccessKeyName=p;SharedAccessKey=" + testKey[:20] + "\r\n" + testKey[20:], "is a line break (U+000D)"},
		{"a tab between parts", "HostName=h;\tDeviceId=d", "character 12 is a tab (U+0009)"},
		{"an escape sequence", "HostName=h\x1b[0m" + rest, "character 11 is U+001B, which cannot be seen"},
		{"not UTF-8", "HostName=h\xff" + rest, "character 11 cannot be read: copy the string again"},
		{"an unknown name", "HostName=h;Owner=me" + rest, "a part other than HostName, DeviceId, ModuleId, SharedAccessKeyName and SharedAccessKey"},
		{"a name in another case", "Hostname=h" + rest, `write HostName instead of "Hostname"`},
		{"a name twice", "HostName=h;HostName=h" + rest, "HostName appears twice"},

		{"no HostName", rest[1:], "HostName is missing"},
		{"empty HostName", "HostName=" + rest, "HostName is missing"},
		{"HostName is a URL", "HostName=https://h" + rest, "HostName is not a host name such as myhub.azure-devices.net"},
		{"HostName with a path", "HostName=h/devices" + rest, "HostName is not"},
		{"HostName with a query", "HostName=h?x" + rest, "HostName is not"},
		{"HostName with a fragment", "HostName=h#x" + rest, "HostName is not"},
		{"HostName with a user", "HostName=user@h" + rest, "HostName is not"},
		{"HostName with a space", "HostName=my hub" + rest, "HostName is not"},
		{"HostName with an escape", "HostName=%41" + rest, "HostName is not"},
		{"HostName is an IPv6 address without brackets", "HostName=::1" + rest, "HostName is not"},
		{"HostName is a port", "HostName=:8883" + rest, "HostName is not"},
		{"a port without a number", "HostName=h:" + rest, "HostName is not a host name"},
		{"port 0", "HostName=h:0" + rest, "HostName is not a host name"},
		{"port 65536", "HostName=h:65536" + rest, "HostName is not a host name"},
		{"a port by name", "HostName=h:https" + rest, "HostName is not"},

		{"cut at the first semicolon by a shell", "HostName=myhub.azure-devices.net", "put the whole value in quotes"},
		{"cut at the second semicolon", "HostName=h;SharedAccessKeyName=service", "SharedAccessKey is missing"},
		{"no key name", "HostName=h;SharedAccessKey=" + testKey, "SharedAccessKeyName (of a policy) or DeviceId (of a device or module) is missing"},
		{"module without device", "HostName=h;ModuleId=m;SharedAccessKey=" + testKey, "DeviceId is missing"},
		{"a token instead of a key", "HostName=h;DeviceId=d;SharedAccessSignature=SharedAccessSignature sr=h&sig=x&se=1", "use the connection string with the key"},
		{"X.509", "HostName=h;DeviceId=d;x509=true", "x509: X.509 certificates are not supported; use an identity with symmetric keys"},
		{"X.509 in capitals", "HostName=h;DeviceId=d;ModuleId=m;X509=true", "x509: X.509 certificates are not supported; use an identity with symmetric keys"},
		{"IoT Edge", "HostName=h;DeviceId=d;GatewayHostName=g;SharedAccessKey=" + testKey, "IoT Edge gateways are not supported"},

		{"an empty key", "HostName=h;DeviceId=d;SharedAccessKey=", "SharedAccessKey: the key is empty"},
		{"a truncated key", "HostName=h;DeviceId=d;SharedAccessKey=" + testKey[:42], "the key is incomplete: it has 42 characters"},
		{"a key without its =", "HostName=h;DeviceId=d;SharedAccessKey=" + strings.TrimSuffix(testKey, "="), "the key is incomplete"},
		{"a key that is not base64", "HostName=h;DeviceId=d;SharedAccessKey=not*base64**", "the key is not base64"},
		{"a key in the URL alphabet", "HostName=h;DeviceId=d;SharedAccessKey=a-_B", "the key is not base64"},
		{"a key with nonzero padding bits", "HostName=h;DeviceId=d;SharedAccessKey=AB==", "the key is not base64"},

		{"device id with a slash", "HostName=h;DeviceId=a/b;SharedAccessKey=" + testKey, `the device id contains '/'; allowed are`},
		{"device id with a space", "HostName=h;DeviceId=a b;SharedAccessKey=" + testKey, `the device id contains ' '`},
		{"device id with a non-ASCII letter", "HostName=h;DeviceId=Gerät;SharedAccessKey=" + testKey, `the device id contains 'ä'`},
		{"device id too long", "HostName=h;DeviceId=" + strings.Repeat("d", 129) + ";SharedAccessKey=" + testKey, "the device id has 129 characters, the limit is 128"},
		{"module id with &", "HostName=h;DeviceId=d;ModuleId=a&b;SharedAccessKey=" + testKey, `the module id contains '&'`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := iothub.ParseConnectionString(test.text)
			if !errors.Is(err, iothub.ErrInvalid) || !strings.HasPrefix(err.Error(), "iothub: connection string: ") || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got error %v, want one that says %q", err, test.says)
			}
			if !reflect.DeepEqual(c, iothub.ConnectionString{}) {
				t.Errorf("got %v along with the error", c)
			}
		})
	}
}

// No error shows the key, even if the key is in the wrong place.
func TestParseConnectionStringKeepsTheKeySecret(t *testing.T) {
	const secret = "k/+" + testKey // with characters that ids and hosts may not have
	for _, text := range []string{
		secret,
		"HostName=" + secret,
		"HostName=h SharedAccessKey=" + secret,
		"HostName=h;SharedAccessKey" + secret,
		"HostName=h;SharedAccessKey:" + secret,
		"HostName=h;SharedAccessKeyName=p;" + secret,
		"HostName=h;SharedAccessKeyName=p;SharedAccessKey;" + secret,
		"HostName=h;SharedAccessKeyName=pSharedAccessKey=" + secret,
		"HostName=h;SharedAccessKey=" + secret + "DeviceId=d",
		"HostName=h;SharedAccessKey=" + secret + ";SharedAccessKey=" + secret,
		"HostName=h;DeviceId=" + secret + ";SharedAccessKey=" + testKey,
		"HostName=h;DeviceId=d;ModuleId=" + secret + ";SharedAccessKey=" + testKey,
		"HostName=h;DeviceId=d;sharedaccesskey=" + secret,
		"HostName=h;DeviceId=d;SharedAccessKey=" + secret + "\x00",
		"HostName=h;DeviceId=d;SharedAccessSignature=" + secret,
		"HostName=h:" + secret + ";DeviceId=d;SharedAccessKey=" + testKey,
		"HostName=" + secret + ";DeviceId=d;SharedAccessKey=" + testKey,
		"HostName=[" + secret + "]:1;DeviceId=d;SharedAccessKey=" + testKey,
	} {
		if _, err := iothub.ParseConnectionString(text); err == nil {
			t.Errorf("%s: no error", text)
		} else if strings.Contains(err.Error(), secret[:4]) || strings.Contains(err.Error(), testKey[:8]) {
			t.Errorf("%s: the error shows the key: %v", text, err)
		}
	}
}

func TestConnectionStringParts(t *testing.T) {
	tests := []struct{ text, owner, resource, host, https, printed string }{
		{"HostName=hub.net;SharedAccessKeyName=service;SharedAccessKey=" + testKey,
			`shared access policy "service"`, "hub.net", "hub.net", "hub.net:443", "HostName=hub.net;SharedAccessKeyName=service;SharedAccessKey=***"},
		{"HostName=localhost:8883;DeviceId=d;SharedAccessKey=" + testKey,
			`device "d"`, "localhost/devices/d", "localhost", "localhost:8883", "HostName=localhost:8883;DeviceId=d;SharedAccessKey=***"},
		{"HostName=hub.net;DeviceId=d;ModuleId=m;SharedAccessKey=" + testKey,
			`module "m" on device "d"`, "hub.net/devices/d/modules/m", "hub.net", "hub.net:443", "HostName=hub.net;DeviceId=d;ModuleId=m;SharedAccessKey=***"},
		{"HostName=[::1]:8883;DeviceId=d;SharedAccessKey=" + testKey,
			`device "d"`, "::1/devices/d", "::1", "[::1]:8883", "HostName=[::1]:8883;DeviceId=d;SharedAccessKey=***"},
		{"HostName=[::1];DeviceId=d;SharedAccessKey=" + testKey,
			`device "d"`, "::1/devices/d", "::1", "[::1]:443", "HostName=[::1];DeviceId=d;SharedAccessKey=***"},
	}
	for _, test := range tests {
		t.Run(test.printed, func(t *testing.T) {
			c := parse(t, test.text)
			if c.Owner() != test.owner || c.Resource() != test.resource || c.Host() != test.host || c.Address(443) != test.https || c.String() != test.printed {
				t.Errorf("Owner %s\nResource %s\nHost %s\nAddress %s\nprinted %s", c.Owner(), c.Resource(), c.Host(), c.Address(443), c.String())
			}
		})
	}
}

// FuzzParseConnectionString puts a key somewhere into a string: nothing panics,
// a parsed string stays the same when it is revealed and parsed again, and no
// error gives the key away.
func FuzzParseConnectionString(f *testing.F) {
	const secret = "c2VjcmV0/c2VjcmV0+c2VjcmV0"
	for _, seed := range [][2]string{
		{"HostName=h;SharedAccessKeyName=p;SharedAccessKey=", "=="},
		{"HostName=h;SharedAccessKey=", "==;DeviceId=d;ModuleId=m"},
		{`"HostName=[::1]:8883;DeviceId=d;SharedAccessKey=`, `==;"`},
		{"HostName=h;DeviceId=", ";SharedAccessKey=AAAA"},
		{"HostName=", ";DeviceId=d;SharedAccessKey=AAAA"},
		{"HostName=h;SharedAccessKeyName=", ";SharedAccessKey=AAAA"},
		{"HostName=h;SharedAccessKeyName=p;", "=;SharedAccessKey=AAAA"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		c, err := iothub.ParseConnectionString(before + secret + after)
		if err != nil {
			if !errors.Is(err, iothub.ErrInvalid) {
				t.Errorf("%v does not match ErrInvalid", err)
			}
			if strings.Contains(err.Error(), secret) || strings.Contains(fmt.Sprintf("%+v", err), secret) {
				t.Errorf("the error shows the key: %v", err)
			}
			return
		}
		if again, err := iothub.ParseConnectionString(c.Reveal()); err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%q is parsed as %v, %v, want %v", c, again, err, c)
		}
		if _, err := iothub.ParseSASToken(c.NewSASToken(inYear2026).Reveal()); err != nil {
			t.Errorf("its token cannot be parsed: %v", err)
		}
	})
}

func parse(t testing.TB, text string) iothub.ConnectionString {
	t.Helper()
	c, err := iothub.ParseConnectionString(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// checkInvalid checks that err matches ErrInvalid and says what is wrong.
func checkInvalid(t *testing.T, err error, says string) {
	t.Helper()
	if !errors.Is(err, iothub.ErrInvalid) || !strings.Contains(err.Error(), says) {
		t.Errorf("got error %v, want one that matches ErrInvalid and says %q", err, says)
	}
}
