package localhub_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// TestPermissions tries every call with every policy.
func TestPermissions(t *testing.T) {
	const (
		read, write, connect = "RegistryRead", "RegistryWrite", "ServiceConnect"
	)
	carries := map[string]string{
		"iothubowner":                 read + write + connect,
		"service":                     connect,
		"device":                      "",
		"registryRead":                read,
		"registryReadWrite":           read + write,
		"serviceAndRegistryReadWrite": read + write + connect,
	}
	calls := []struct {
		needs, method, path, body string
	}{
		{write, "PUT", "/devices/new", `{"deviceId":"new"}`},
		{read, "GET", "/devices/d", ""},
		{read, "GET", "/devices", ""},
		{write, "PUT", "/devices/new/modules/m", `{"deviceId":"new","moduleId":"m"}`},
		{read, "GET", "/devices/d/modules/m", ""},
		{read, "GET", "/devices/d/modules", ""},
		{write, "DELETE", "/devices/new/modules/m", ""},
		{write, "DELETE", "/devices/new", ""},
		{connect, "GET", "/twins/d", ""},
		{connect, "PATCH", "/twins/d", `{"tags":{}}`},
		{connect, "PUT", "/twins/d", `{"tags":{}}`},
		{connect, "GET", "/twins/d/modules/m", ""},
		{connect, "PATCH", "/twins/d/modules/m", `{"tags":{}}`},
		{connect, "PUT", "/twins/d/modules/m", `{"tags":{}}`},
	}
	hub := localhub.New(t)
	hub.AddModule("d", "m")
	for policy, permissions := range carries {
		r := newREST(t, hub)
		r.policy = policy
		for _, c := range calls {
			got := r.do(c.method, c.path, c.body, "If-Match: "+map[bool]string{true: "*"}[c.method == "DELETE"])
			allowed := strings.Contains(permissions, c.needs)
			switch {
			case allowed && got.status/100 != 2:
				t.Errorf("%s: %s %s = %d %s", policy, c.method, c.path, got.status, got.body)
			case !allowed && (got.status != 401 || shape(got.body) != `{"Message":"ErrorCode:IotHubUnauthorizedAccess;Unauthorized","ExceptionMessage":"Tracking ID:…"}`):
				t.Errorf("%s: %s %s = %d %s, want 401", policy, c.method, c.path, got.status, got.body)
			case !allowed && got.header.Get("iothub-errorcode") != "IotHubUnauthorizedAccess":
				t.Errorf("%s: %s %s: no iothub-errorcode", policy, c.method, c.path)
			}
		}
	}
}

// TestTokens tries the possible values of an Authorization header.
func TestTokens(t *testing.T) {
	hub := localhub.New(t)
	module := hub.AddModule("d", "m")
	owner := hub.ConnectionString(localhub.PolicyIoTHubOwner)
	soon := time.Now().Add(time.Hour)
	at := func(host string) string {
		c := owner
		c.HostName = host
		return c.NewSASToken(soon).Reveal()
	}
	narrowed := func(device, moduleID string) string {
		c := owner
		c.DeviceID, c.ModuleID = device, moduleID
		return c.NewSASToken(soon).Reveal()
	}
	forged := owner
	forged.SharedAccessKey = iothub.NewKey(make([]byte, 32))
	unknown := owner
	unknown.SharedAccessKeyName = "owner"
	port := hub.HostName()[strings.LastIndex(hub.HostName(), ":"):]
	for _, row := range []struct {
		name  string
		token string
		want  int
	}{
		{"good", owner.NewSASToken(soon).Reveal(), 200},
		{"another name of the hub", at("127.0.0.1"), 200},
		{"another name in capitals", at("LOCALHOST"), 200},
		{"with the port", signed(owner, "localhost%3A"+port[1:], soon), 200},
		{"resource not escaped", signed(owner, "localhost"+port, soon), 200},
		{"escaped in lower case", signed(owner, "localhost%3a"+port[1:], soon), 200},
		{"narrowed to the device", narrowed("d", ""), 200},
		{"narrowed to another device", narrowed("d2", ""), 401},
		{"narrowed to a longer name", narrowed("dd", ""), 401},
		{"narrowed to a module of it", narrowed("d", "m"), 401},
		{"another hub", at("other.azure-devices.net"), 401},
		{"within the grace", owner.NewSASToken(time.Now().Add(-4 * time.Minute)).Reveal(), 200},
		{"expired", owner.NewSASToken(time.Now().Add(-6 * time.Minute)).Reveal(), 401},
		{"another key", forged.NewSASToken(soon).Reveal(), 401},
		{"unknown policy", unknown.NewSASToken(soon).Reveal(), 401},
		{"of the module", module.NewSASToken(soon).Reveal(), 401},
		{"a bearer token", "Bearer abc", 401},
		{"none", "", 401},
	} {
		got := newREST(t, hub).do("GET", "/devices/d", "", "Authorization: "+row.token)
		if got.status != row.want {
			t.Errorf("%s: %d, want %d", row.name, got.status, row.want)
		}
	}
}

// TestEscapedAudiences tries every form in which SDKs write the audience of ids
// with special characters, over HTTPS and MQTT. No form gives access to another
// identity than its own.
func TestEscapedAudiences(t *testing.T) {
	hub := localhub.New(t)
	owner := hub.ConnectionString(localhub.PolicyIoTHubOwner)
	soon := time.Now().Add(time.Hour)
	once := func(resource string) string { return url.QueryEscape(resource) }
	twice := func(device, module string) string {
		resource := "localhost/devices/" + url.PathEscape(device)
		if module != "" {
			resource += "/modules/" + url.PathEscape(module)
		}
		return once(resource)
	}
	for _, id := range []struct{ device, module string }{
		{"n@m.et#st", "m"}, {"a+b", "c+d"}, {"100%", "50%"}, {"a%40b", ""}, {"d$1", "special$module"}, {"x(1)!*'", "y,z=;:"},
	} {
		own := hub.AddDevice(id.device)
		if id.module != "" {
			own = hub.AddModule(id.device, id.module)
		}
		for form, sr := range map[string]string{"once": once(own.Resource()), "twice": twice(id.device, id.module)} {
			c := dial(t, hub)
			packet := connect(own)
			packet.Password = []byte(signed(own, sr, soon))
			c.send(packet)
			if connack := expect[*packets.ConnackPacket](c); connack.ReturnCode != 0 {
				t.Errorf("%v, escaped %s: CONNACK code %d", id, form, connack.ReturnCode)
			}
			path := "/devices/" + url.PathEscape(id.device)
			if id.module != "" {
				path += "/modules/" + url.PathEscape(id.module)
			}
			if got := newREST(t, hub).do("GET", path, "", "Authorization: "+signed(owner, sr, soon)); got.status != 200 {
				t.Errorf("%v, escaped %s: GET %s = %d", id, form, path, got.status)
			}
		}
	}

	// The device a%40b exists, so a token for it is not valid for a@b.
	hub.AddDevice("a@b")
	if got := newREST(t, hub).do("GET", "/devices/a%40b", "", "Authorization: "+signed(owner, once("localhost/devices/a%40b"), soon)); got.status != 401 {
		t.Errorf("a token for a%%40b gives access to a@b: %d", got.status)
	}
	if got := newREST(t, hub).do("GET", "/devices/d", "", "Authorization: "+signed(owner, once("localhost/devices/d%2Fx"), soon)); got.status != 401 {
		t.Errorf("an escaped slash ends the id: %d", got.status)
	}
}

// signed returns a token whose resource is escaped as given.
func signed(policy iothub.ConnectionString, escaped string, expiry time.Time) string {
	se := strconv.FormatInt(expiry.Unix(), 10)
	mac := hmac.New(sha256.New, policy.SharedAccessKey.Bytes())
	mac.Write([]byte(escaped + "\n" + se))
	sig := url.QueryEscape(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	token := "SharedAccessSignature sr=" + escaped + "&sig=" + sig + "&se=" + se
	if policy.SharedAccessKeyName != "" {
		token += "&skn=" + policy.SharedAccessKeyName
	}
	return token
}
