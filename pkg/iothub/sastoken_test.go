package iothub_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"moduletwin/pkg/iothub"
)

// inYear2026 is 1767225600 in the tokens below.
var inYear2026 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// The signatures in this file were made with openssl, each from the escaped
// resource (sr) and the expiry (se) of its token:
//
//	key=$(printf %s MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY= | base64 -d | od -An -v -tx1 | tr -d ' \n')
//	printf '%s\n%s' 'myhub.azure-devices.net%2Fdevices%2Fd' 1767225600 |
//		openssl dgst -sha256 -mac HMAC -macopt hexkey:$key -binary | base64
func TestNewSASToken(t *testing.T) {
	tests := []struct{ name, connection, want string }{
		{"policy", "HostName=myhub.azure-devices.net;SharedAccessKeyName=service;SharedAccessKey=" + testKey,
			"SharedAccessSignature sr=myhub.azure-devices.net&sig=rny7eWZSBNZ9YeCNiuTjnwBzU9k6y3yqorNu3ifboBQ%3D&se=1767225600&skn=service"},
		{"the port is not signed", "HostName=myhub.azure-devices.net:8883;SharedAccessKeyName=service;SharedAccessKey=" + testKey,
			"SharedAccessSignature sr=myhub.azure-devices.net&sig=rny7eWZSBNZ9YeCNiuTjnwBzU9k6y3yqorNu3ifboBQ%3D&se=1767225600&skn=service"},
		{"device", "HostName=myhub.azure-devices.net;DeviceId=d;SharedAccessKey=" + testKey,
			"SharedAccessSignature sr=myhub.azure-devices.net%2Fdevices%2Fd&sig=fq45F8Ru1nL4r6bV5inOFtcIi7WhP6ViLyiAPWzIa7I%3D&se=1767225600"},
		{"module", "HostName=myhub.azure-devices.net;DeviceId=d;ModuleId=m;SharedAccessKey=" + testKey,
			"SharedAccessSignature sr=myhub.azure-devices.net%2Fdevices%2Fd%2Fmodules%2Fm&sig=0hLcde%2B4DG6WHLgCAvCJzUlR%2Fws2mSpecAj2x9Mya34%3D&se=1767225600"},
		{"an id is escaped once, with the rest", "HostName=myhub.azure-devices.net;DeviceId=a#b%c+d@e;SharedAccessKey=" + testKey,
			"SharedAccessSignature sr=myhub.azure-devices.net%2Fdevices%2Fa%23b%25c%2Bd%40e&sig=Knm9xgTg6yP93RZrdNOq3fF%2B5OfBPeFGQ6nhj1gotjE%3D&se=1767225600"},
		{"a space becomes %20: some would take + for a plus sign", "HostName=myhub.azure-devices.net;SharedAccessKeyName=a b+c;SharedAccessKey=" + testKey,
			"SharedAccessSignature sr=myhub.azure-devices.net&sig=rny7eWZSBNZ9YeCNiuTjnwBzU9k6y3yqorNu3ifboBQ%3D&se=1767225600&skn=a%20b%2Bc"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := parse(t, test.connection).NewSASToken(inYear2026).Reveal(); got != test.want {
				t.Errorf("got\n%s, want\n%s", got, test.want)
			}
		})
	}
}

// Programs that make tokens differ in what they escape and how, but all of them
// sign exactly what they send.
func TestParseSASToken(t *testing.T) {
	const module = "myhub.azure-devices.net/devices/d/modules/m"
	tests := []struct{ name, token, resource, keyName string }{
		{"Python, service: skn last", "SharedAccessSignature sr=myhub.azure-devices.net&sig=rny7eWZSBNZ9YeCNiuTjnwBzU9k6y3yqorNu3ifboBQ%3D&se=1767225600&skn=service", "myhub.azure-devices.net", "service"},
		{"Node.js: se last", "SharedAccessSignature sr=myhub.azure-devices.net&sig=rny7eWZSBNZ9YeCNiuTjnwBzU9k6y3yqorNu3ifboBQ%3D&skn=service&se=1767225600", "myhub.azure-devices.net", "service"},
		{"sr last", "SharedAccessSignature se=1767225600&sig=rny7eWZSBNZ9YeCNiuTjnwBzU9k6y3yqorNu3ifboBQ%3D&sr=myhub.azure-devices.net", "myhub.azure-devices.net", ""},
		{"upper-case hex", "SharedAccessSignature sr=myhub.azure-devices.net%2Fdevices%2Fd%2Fmodules%2Fm&sig=0hLcde%2B4DG6WHLgCAvCJzUlR%2Fws2mSpecAj2x9Mya34%3D&se=1767225600", module, ""},
		{"Python: / bare in sig", "SharedAccessSignature sr=myhub.azure-devices.net%2Fdevices%2Fd%2Fmodules%2Fm&sig=0hLcde%2B4DG6WHLgCAvCJzUlR/ws2mSpecAj2x9Mya34%3D&se=1767225600", module, ""},
		{"sig not escaped at all: + is no space", "SharedAccessSignature sr=myhub.azure-devices.net%2Fdevices%2Fd%2Fmodules%2Fm&sig=0hLcde+4DG6WHLgCAvCJzUlR/ws2mSpecAj2x9Mya34=&se=1767225600", module, ""},
		{"Microsoft's documentation: lower-case hex", "SharedAccessSignature sr=myhub.azure-devices.net%2fdevices%2fd%2fmodules%2fm&sig=48em%2fofxzi%2fPd6TL%2bNxzWPxNaNlQYUytLZs2S64ZVZg%3d&se=1767225600", module, ""},
		{"sr not escaped at all", "SharedAccessSignature sr=myhub.azure-devices.net/devices/d/modules/m&sig=RwZAyLcDXJ%2B8nwGR%2BXTkmpB4jmw1BJo%2BoJUzdIwsAhg%3D&se=1767225600", module, ""},
		{"Node.js: ! and * in lower-case hex", "SharedAccessSignature sr=myhub.azure-devices.net%2Fdevices%2Fd%2a%21&sig=lSDtCb6PsopVUa0SnqLgrO3cSDgtBXE3hQCtkWkfTEY%3D&se=1767225600", "myhub.azure-devices.net/devices/d*!", ""},
		{"white space at the end", "SharedAccessSignature sr=myhub.azure-devices.net&sig=rny7eWZSBNZ9YeCNiuTjnwBzU9k6y3yqorNu3ifboBQ%3D&se=1767225600\n", "myhub.azure-devices.net", ""},
		{"an escaped name of a policy", "SharedAccessSignature sr=myhub.azure-devices.net&sig=rny7eWZSBNZ9YeCNiuTjnwBzU9k6y3yqorNu3ifboBQ%3D&se=1767225600&skn=a%40b+c", "myhub.azure-devices.net", "a@b+c"},
	}
	key, _ := iothub.ParseKey(testKey)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			token, err := iothub.ParseSASToken(test.token)
			if err != nil || token.Resource != test.resource || token.KeyName != test.keyName || !token.Expiry.Equal(inYear2026) {
				t.Fatalf("got %+v, %v", token, err)
			}
			if err := token.Verify(key, inYear2026); err != nil {
				t.Error(err)
			}
			again, err := iothub.ParseSASToken(token.Reveal())
			if err != nil || !reflect.DeepEqual(again, token) {
				t.Errorf("the result of Reveal is parsed as %+v, %v, want %+v", again, err, token)
			}
		})
	}
}

func TestParseSASTokenRefuses(t *testing.T) {
	const sig = "rny7eWZSBNZ9YeCNiuTjnwBzU9k6y3yqorNu3ifboBQ%3D"
	tests := []struct{ name, token, says string }{
		{"empty", "", "does not begin with SharedAccessSignature"},
		{"another scheme", "Bearer eyJhbGciOi", "does not begin with SharedAccessSignature"},
		{"a key instead of a token", testKey, "does not begin with SharedAccessSignature"},
		{"nothing else", "SharedAccessSignature ", "none of sr, sig, se and skn"},
		{"no sr", "SharedAccessSignature sig=" + sig + "&se=1", "sr, the resource"},
		{"sr badly escaped", "SharedAccessSignature sr=%2&sig=" + sig + "&se=1", "sr, the resource"},
		{"no sig", "SharedAccessSignature sr=h&se=1", "sig, the signature"},
		{"sig not base64", "SharedAccessSignature sr=h&sig=****&se=1", "sig, the signature"},
		{"sig badly escaped", "SharedAccessSignature sr=h&sig=%zz&se=1", "sig, the signature"},
		{"sig cut off", "SharedAccessSignature sr=h&sig=rny7eWZSBNZ9YeCN&se=1", "sig, the signature"},
		{"sig with a line break", "SharedAccessSignature sr=h&sig=" + sig + "%0A&se=1", "sig, the signature"},
		{"sig with nonzero padding bits", "SharedAccessSignature sr=h&sig=rny7eWZSBNZ9YeCNiuTjnwBzU9k6y3yqorNu3ifboBR%3D&se=1", "sig, the signature"},
		{"no se", "SharedAccessSignature sr=h&sig=" + sig, "se, the expiry"},
		{"se not a number", "SharedAccessSignature sr=h&sig=" + sig + "&se=soon", "se, the expiry"},
		{"se with a fraction", "SharedAccessSignature sr=h&sig=" + sig + "&se=1.5", "se, the expiry"},
		{"se with a leading zero", "SharedAccessSignature sr=h&sig=" + sig + "&se=01", "se, the expiry"},
		{"se beyond 64 bits", "SharedAccessSignature sr=h&sig=" + sig + "&se=9223372036854775808", "se, the expiry"},
		{"skn badly escaped", "SharedAccessSignature sr=h&sig=" + sig + "&se=1&skn=%", "skn, the name of the policy"},
		{"a field twice", "SharedAccessSignature sr=h&sr=h&sig=" + sig + "&se=1", "sr appears twice"},
		{"an unknown field", "SharedAccessSignature sr=h&sig=" + sig + "&se=1&x=" + sig, "none of sr, sig, se and skn"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := iothub.ParseSASToken(test.token)
			if !errors.Is(err, iothub.ErrInvalid) || !strings.HasPrefix(err.Error(), "iothub: SAS token: ") || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got error %v, want one that says %q", err, test.says)
			}
			if strings.Contains(err.Error(), sig[:8]) || strings.Contains(err.Error(), testKey[:8]) {
				t.Errorf("the error quotes the token: %v", err)
			}
		})
	}
}

func TestVerify(t *testing.T) {
	const good = "SharedAccessSignature sr=myhub.azure-devices.net&sig=rny7eWZSBNZ9YeCNiuTjnwBzU9k6y3yqorNu3ifboBQ%3D&se=1767225600"
	tests := []struct {
		name, token, key string
		now              time.Time
		want             error
	}{
		{"long before it expires", good, testKey, inYear2026.AddDate(-1, 0, 0), nil},
		{"as it expires", good, testKey, inYear2026, nil},
		{"a nanosecond later", good, testKey, inYear2026.Add(1), iothub.ErrExpired},
		{"a second later", good, testKey, inYear2026.Add(time.Second), iothub.ErrExpired},
		{"another key", good, "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWc=", inYear2026, iothub.ErrSignature},
		{"a short key", good, "AAAA", inYear2026, iothub.ErrSignature},
		{"another resource", strings.Replace(good, "myhub", "other", 1), testKey, inYear2026, iothub.ErrSignature},
		{"the same resource, escaped differently", strings.Replace(good, ".net", "%2Enet", 1), testKey, inYear2026, iothub.ErrSignature},
		{"a later expiry", strings.Replace(good, "1767225600", "1767225601", 1), testKey, inYear2026, iothub.ErrSignature},
		{"forged and expired: forged comes first", strings.Replace(good, "1767225600", "1767225601", 1), testKey, inYear2026.AddDate(1, 0, 0), iothub.ErrSignature},
		{"the name of the policy is not signed", good + "&skn=other", testKey, inYear2026, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			token, err := iothub.ParseSASToken(test.token)
			if err != nil {
				t.Fatal(err)
			}
			key, _ := iothub.ParseKey(test.key)
			if err := token.Verify(key, test.now); err != test.want {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestExpiryIsRoundedUp(t *testing.T) {
	c := parse(t, "HostName=h;DeviceId=d;SharedAccessKey="+testKey)
	for _, fraction := range []time.Duration{1, time.Second / 2, time.Second} {
		if got := c.NewSASToken(inYear2026.Add(fraction)).Expiry; !got.Equal(inYear2026.Add(time.Second)) {
			t.Errorf("%v after a full second: the token expires at %v", fraction, got)
		}
	}
}

func TestRenewAt(t *testing.T) {
	token := parse(t, "HostName=h;DeviceId=d;SharedAccessKey="+testKey).NewSASToken(inYear2026.Add(time.Hour))
	if got := token.RenewAt(inYear2026); !got.Equal(inYear2026.Add(48 * time.Minute)) {
		t.Errorf("a token for an hour is renewed at %v, want 12 minutes before its end", got)
	}
}

// FuzzParseSASToken varies only the fields, so that most inputs are tokens. A
// parsed token stays the same, and verifies the same, when it is revealed and
// parsed again.
func FuzzParseSASToken(f *testing.F) {
	const sig = "rny7eWZSBNZ9YeCNiuTjnwBzU9k6y3yqorNu3ifboBQ%3D"
	f.Add("sr=h&sig=" + sig + "&se=1767225600&skn=service")
	f.Add("sr=h%2fdevices%2Fa+b&sig=" + sig + "&se=-1")
	f.Add("se=9223372036854775807&sig=" + sig + "&sr=/%20+&skn=%2b+%20")
	key, _ := iothub.ParseKey(testKey)
	f.Fuzz(func(t *testing.T, fields string) {
		token, err := iothub.ParseSASToken("SharedAccessSignature " + fields)
		if err != nil {
			if !errors.Is(err, iothub.ErrInvalid) {
				t.Errorf("%v does not match ErrInvalid", err)
			}
			return
		}
		again, err := iothub.ParseSASToken(token.Reveal())
		if err != nil || !reflect.DeepEqual(again, token) {
			t.Fatalf("%s is parsed as %+v, %v, want %+v", token, again, err, token)
		}
		for _, now := range []time.Time{token.Expiry, token.Expiry.Add(1)} {
			if first, second := token.Verify(key, now), again.Verify(key, now); first != second {
				t.Errorf("%s verifies with %v, then with %v", token, first, second)
			}
		}
	})
}
