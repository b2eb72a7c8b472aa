package iothub_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"moduletwin/pkg/iothub"
)

// traces returns what would give away key, or the signature of token, in
// printed text: base64, hexadecimal or decimal digits, or the bytes themselves.
func traces(key iothub.Key, token iothub.SASToken) []string {
	revealed := token.Reveal()
	signature := revealed[strings.Index(revealed, "sig=")+len("sig="):]
	raw := key.Bytes()
	decimal := strings.Trim(fmt.Sprint(raw[:8]), "[]")
	return []string{
		key.Reveal()[:8], signature[:8], string(raw[:8]), decimal, strings.ReplaceAll(decimal, " ", ", "),
		hex.EncodeToString(raw[:8]), hex.EncodeToString([]byte(key.Reveal()[:8])), fmt.Sprintf("%#x", raw[0]) + ", ",
	}
}

// exported and unexported are types in which users may hold such values.
// Package fmt does not call methods of values in unexported fields.
type exported[T any] struct {
	Value   T
	Pointer *T
	List    []T
	Map     map[string]T
}

type unexported[T any] struct {
	value   T
	pointer *T
	list    []T
	m       map[string]T
}

func containers[T any](v T) []any {
	return []any{
		v, &v, []T{v}, map[string]T{"v": v}, [1]any{v},
		exported[T]{v, &v, []T{v}, map[string]T{"v": v}}, &exported[T]{Value: v},
		unexported[T]{v, &v, []T{v}, map[string]T{"v": v}}, &unexported[T]{value: v},
	}
}

func TestNoPrintShowsASecret(t *testing.T) { synctest.Test(t, testNoPrintShowsASecret) }

func testNoPrintShowsASecret(t *testing.T) {
	connection := parse(t, policyString)
	key, token := connection.SharedAccessKey, connection.NewSASToken(inYear2026)
	pair := iothub.SymmetricKey{PrimaryKey: key, SecondaryKey: key}
	authentication := iothub.Authentication{SymmetricKey: pair}
	device := iothub.Device{DeviceID: "d", Authentication: authentication}
	module := iothub.Module{DeviceID: "d", ModuleID: "m", Authentication: authentication}
	hub := serve(t, says(200, `{"deviceId":"d"}`))
	registry := hub.registry(t, nil)
	if err := getDevice(t.Context(), registry); err != nil { // now it holds a token
		t.Fatal(err)
	}
	synctest.Wait() // fmt reads fields that goroutines of the registry write

	secrets := traces(key, token)
	var all []any
	for _, group := range [][]any{containers(key), containers(connection), containers(token), containers(pair), containers(device), containers(module), containers(registry)} {
		all = append(all, group...)
	}
	var logged strings.Builder
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&logged, nil), slog.NewTextHandler(&logged, nil)} {
		for _, v := range all {
			logged.Reset()
			slog.New(handler).Info("all", "value", v)
			for _, secret := range secrets {
				if strings.Contains(logged.String(), secret) {
					t.Errorf("the log of a %T by a %T shows %q: %.300s", v, handler, secret, &logged)
				}
			}
		}
	}
	for _, v := range all {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%b", "%c", "%U", "%t", "%e", "%g"} {
			printed := fmt.Sprintf(verb, v)
			for _, secret := range secrets {
				if strings.Contains(printed, secret) {
					t.Errorf("%s of a %T shows %q: %.300s", verb, v, secret, printed)
				}
			}
		}
	}
}

func TestWhatIsPrintedInstead(t *testing.T) {
	connection := parse(t, policyString)
	for verb, want := range map[string]string{"%v": "***", "%#v": "***", "%x": "***", "%d": "***", "%q": "***"} {
		if got := fmt.Sprintf(verb, connection.SharedAccessKey); got != want {
			t.Errorf("%s of a key is %s", verb, got)
		}
	}
	if got := fmt.Sprint(iothub.Key{}); got != "" {
		t.Errorf("the zero key is printed as %q", got)
	}
	if got, want := fmt.Sprint(connection), "HostName=example.com;SharedAccessKeyName=service;SharedAccessKey=***"; got != want {
		t.Errorf("a connection string is printed as %s", got)
	}
	if got, want := fmt.Sprint(connection.NewSASToken(inYear2026)), "SharedAccessSignature sr=example.com&sig=***&se=1767225600&skn=service"; got != want {
		t.Errorf("a token is printed as %s", got)
	}
}

func TestSecretsStayOutOfLogs(t *testing.T) {
	c := parse(t, "HostName=h;DeviceId=d;SharedAccessKey="+testKey)
	token := c.NewSASToken(inYear2026)
	keys := iothub.SymmetricKey{PrimaryKey: c.SharedAccessKey, SecondaryKey: c.SharedAccessKey}
	device := iothub.Device{DeviceID: "d", Authentication: iothub.Authentication{SymmetricKey: keys}}
	module := iothub.Module{DeviceID: "d", ModuleID: "m", Authentication: device.Authentication}
	registry, err := iothub.NewRegistry(parse(t, policyString), nil)
	if err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	for _, log := range []*slog.Logger{slog.New(slog.NewTextHandler(&logged, nil)), slog.New(slog.NewJSONHandler(&logged, nil))} {
		log.Info("all", "string", c, "key", c.SharedAccessKey, "token", token, "device", device, "module", module, "keys", keys, "registry", registry)
	}
	if !strings.Contains(logged.String(), `string="HostName=h;DeviceId=d;SharedAccessKey=***" key=*** token.resource=h/devices/d`) {
		t.Errorf("logged: %s", &logged)
	}
	for _, secret := range append(traces(c.SharedAccessKey, token), "sig") {
		if strings.Contains(logged.String(), secret) {
			t.Errorf("the log shows %q: %s", secret, &logged)
		}
	}
}

func TestKey(t *testing.T) {
	key, err := iothub.ParseKey(testKey)
	if err != nil || key.Reveal() != testKey || string(key.Bytes()) != "0123456789abcdef0123456789abcdef" {
		t.Errorf("got %s, %q, %v", key.Reveal(), key.Bytes(), err)
	}
	if _, err := iothub.ParseKey(""); !errors.Is(err, iothub.ErrInvalid) {
		t.Errorf("the empty key: %v", err)
	}
	b := key.Bytes()
	same := iothub.NewKey(b)
	if !same.Equal(key) || same.Equal(iothub.Key{}) || (iothub.Key{}).Equal(key) || !(iothub.Key{}).Equal(iothub.NewKey(nil)) {
		t.Error("Equal is wrong")
	}
	b[0], key.Bytes()[1] = 'x', 'x'
	if !same.Equal(key) || key.Reveal() != testKey {
		t.Error("a key shares its bytes")
	}
	if zero := (iothub.Key{}); !zero.IsZero() || zero.Reveal() != "" || zero.Bytes() != nil || key.IsZero() {
		t.Error("IsZero is wrong")
	}
}

// Keys are read from JSON as IoT Hub writes them. When written, a key is
// masked, and a zero key is left out.
func TestKeyInJSON(t *testing.T) {
	text, err := json.Marshal(iothub.SymmetricKey{PrimaryKey: keys.PrimaryKey})
	if want := `{"primaryKey":"***"}`; err != nil || string(text) != want {
		t.Errorf("got %s, %v, want %s", text, err, want)
	}
	var pair iothub.SymmetricKey
	if err := json.Unmarshal([]byte(`{"primaryKey":"`+testKey+`","secondaryKey":""}`), &pair); err != nil || !pair.PrimaryKey.Equal(keys.PrimaryKey) || !pair.SecondaryKey.IsZero() {
		t.Errorf("got %v, %v", pair, err)
	}
}

// A connection string made from an identity stays the same when the identity
// changes.
func TestConnectionStringOfAModuleIsItsOwn(t *testing.T) {
	module := iothub.Module{DeviceID: "d", ModuleID: "m", Authentication: iothub.Authentication{SymmetricKey: keys}}
	c := module.ConnectionString("h")
	if err := module.Authentication.SymmetricKey.PrimaryKey.UnmarshalText([]byte("AAAAAAAAAAAAAAAAAAAAAA==")); err != nil {
		t.Fatal(err)
	}
	if want := "HostName=h;DeviceId=d;ModuleId=m;SharedAccessKey=" + testKey; c.Reveal() != want {
		t.Errorf("got %s, want %s", c.Reveal(), want)
	}
}
