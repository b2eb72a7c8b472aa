package localhub_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"moduletwin/pkg/localhub"
)

// rest sends requests as given, with a token unless the caller gives one.
type rest struct {
	t      *testing.T
	hub    *localhub.Hub
	policy string
	client *http.Client
	ctx    context.Context
}

func newREST(t *testing.T, hub *localhub.Hub) *rest {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: hub.RootCAs()}}
	t.Cleanup(transport.CloseIdleConnections)
	return &rest{t, hub, "iothubowner", &http.Client{Transport: transport, Timeout: testTimeout}, t.Context()}
}

// reply is a response.
type reply struct {
	status int
	header http.Header
	body   string
}

// do sends a request. header holds lines such as "If-Match: *"; a line without
// a value removes the header. The path has no query.
func (r *rest) do(method, path, body string, header ...string) reply {
	r.t.Helper()
	got, err := r.try(method, path+"?api-version=2021-04-12", body, header...)
	if err != nil {
		r.t.Fatal(err)
	}
	return got
}

func (r *rest) try(method, target, body string, header ...string) (reply, error) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.ctx, method, "https://"+r.hub.HostName()+target, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", r.hub.ConnectionString(r.policy).NewSASToken(time.Now().Add(time.Hour)).Reveal())
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		if value == "" || name == "Authorization" {
			req.Header.Del(name)
		}
		if value != "" {
			req.Header.Add(name, value)
		}
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(text)}, err
}

// must is do with a check of the status.
func (r *rest) must(status int, method, path, body string, header ...string) reply {
	r.t.Helper()
	got := r.do(method, path, body, header...)
	if got.status != status {
		r.t.Fatalf("%s %s = %d %.1000s, want %d", method, path, got.status, got.body, status)
	}
	return got
}

// shape replaces what differs from run to run with "…".
func shape(text string) string {
	var out bytes.Buffer
	for i := 0; i < len(text); {
		n := 0
		for _, pattern := range []struct {
			word string
			skip func(string) int
		}{
			{`"generationId":"`, upToQuote}, {`"etag":"`, upToQuote}, {`"deviceEtag":"`, upToQuote},
			{`"primaryKey":"`, upToQuote}, {`"secondaryKey":"`, upToQuote}, {`Tracking ID:`, upToQuote},
			{`"$lastUpdated":"2`, upToQuote}, {`UpdatedTime":"2`, upToQuote}, {`Time":"2`, upToQuote},
		} {
			if rest, found := strings.CutPrefix(text[i:], pattern.word); found {
				out.WriteString(pattern.word + "…")
				n = len(pattern.word) + pattern.skip(rest)
				break
			}
		}
		if n == 0 {
			out.WriteByte(text[i])
			n = 1
		}
		i += n
	}
	return out.String()
}

func upToQuote(s string) int { return strings.IndexByte(s, '"') }

// TestThumbprintsStay updates something else and checks that the thumbprints
// stay.
func TestThumbprintsStay(t *testing.T) {
	thumbprint := strings.Repeat("ab", 20)
	r := newREST(t, localhub.New(t))
	r.must(200, "PUT", "/devices/d", `{"deviceId":"d","authentication":{"type":"selfSigned","x509Thumbprint":{"primaryThumbprint":"`+thumbprint+`"}}}`)
	got := r.must(200, "PUT", "/devices/d", `{"deviceId":"d","statusReason":"moved"}`, "If-Match: *")
	contains(t, "the device", got.body, `"primaryThumbprint":"`+thumbprint+`"`, `"type":"selfSigned"`, `"moved"`)
}

// TestIdentityBodies compares responses with those captured from Azure.
func TestIdentityBodies(t *testing.T) {
	const (
		keys   = `"authentication":{"symmetricKey":{"primaryKey":"…","secondaryKey":"…"},"x509Thumbprint":{"primaryThumbprint":null,"secondaryThumbprint":null},"type":"sas"}`
		device = `{"deviceId":"d","generationId":"…","etag":"…","connectionState":"Disconnected","status":"enabled","statusReason":null,` +
			`"connectionStateUpdatedTime":"0001-01-01T00:00:00Z","statusUpdatedTime":"0001-01-01T00:00:00Z","lastActivityTime":"0001-01-01T00:00:00Z",` +
			`"cloudToDeviceMessageCount":0,` + keys + `,"capabilities":{"iotEdge":false},"parentScopes":[]}`
		module = `{"moduleId":"m","managedBy":null,"deviceId":"d","generationId":"…","etag":"…","connectionState":"Disconnected",` +
			`"connectionStateUpdatedTime":"0001-01-01T00:00:00Z","lastActivityTime":"0001-01-01T00:00:00Z","cloudToDeviceMessageCount":0,` + keys + `}`
		deviceTwin = `{"deviceId":"d","etag":"AAAAAAAAAAE=","deviceEtag":"…","status":"enabled","statusUpdateTime":"0001-01-01T00:00:00Z",` +
			`"connectionState":"Disconnected","lastActivityTime":"0001-01-01T00:00:00Z","cloudToDeviceMessageCount":0,"authenticationType":"sas",` +
			`"x509Thumbprint":{"primaryThumbprint":null,"secondaryThumbprint":null},"modelId":"","version":2,"properties":{` +
			`"desired":{"$metadata":{"$lastUpdated":"2…"},"$version":1},"reported":{"$metadata":{"$lastUpdated":"2…"},"$version":1}},"capabilities":{"iotEdge":false}}`
		moduleTwin = `{"deviceId":"d","moduleId":"m","etag":"AAAAAAAAAAE=","deviceEtag":"…","status":"enabled","statusUpdateTime":"0001-01-01T00:00:00Z",` +
			`"connectionState":"Disconnected","lastActivityTime":"0001-01-01T00:00:00Z","cloudToDeviceMessageCount":0,"authenticationType":"sas",` +
			`"x509Thumbprint":{"primaryThumbprint":null,"secondaryThumbprint":null},"version":2,"properties":{` +
			`"desired":{"$metadata":{"$lastUpdated":"0001-01-01T00:00:00Z"},"$version":1},"reported":{"$metadata":{"$lastUpdated":"0001-01-01T00:00:00Z"},"$version":1}}}`
	)
	created := strings.NewReplacer("00:00:00Z", "00:00:00")
	r := newREST(t, localhub.New(t))
	for _, row := range []struct {
		method, path, body string
		status             int
		want               string
		etag               bool // in the header
	}{
		{"PUT", "/devices/d", `{"deviceId":"d"}`, 200, created.Replace(device), true},
		{"GET", "/devices/d", "", 200, device, true},
		{"PUT", "/devices/d/modules/m", `{"moduleId":"m","deviceId":"d"}`, 200, created.Replace(module), false},
		{"GET", "/devices/d/modules/m", "", 200, module, false},
		{"GET", "/devices/", "", 200, "[" + device + "]", false},
		{"GET", "/devices/d/modules", "", 200, "[" + module + "]", false},
		{"GET", "/twins/d", "", 200, deviceTwin, false},
		{"GET", "/twins/d/modules/m", "", 200, moduleTwin, false},
		{"DELETE", "/devices/d", "", 204, "", false},
		{"GET", "/devices", "", 200, "[]", false},
	} {
		match := "If-Match: "
		if row.method == "DELETE" {
			match += "*"
		}
		got := r.must(row.status, row.method, row.path, row.body, match)
		if got := fixETags(shape(got.body)); got != fixETags(row.want) {
			t.Errorf("%s %s =\n%s\nwant\n%s", row.method, row.path, got, row.want)
		}
		if etag := got.header.Get("ETag"); (etag != "") != row.etag || row.etag && !strings.Contains(got.body, `"etag":`+etag) {
			t.Errorf("%s %s has the header ETag: %s", row.method, row.path, etag)
		}
		if kind := got.header.Get("Content-Type"); row.status == 200 && kind != "application/json; charset=utf-8" {
			t.Errorf("%s %s has the content type %q", row.method, row.path, kind)
		}
		if len(got.header.Get("x-ms-request-id")) != 36 {
			t.Errorf("%s %s has no x-ms-request-id", row.method, row.path)
		}
	}
}

func fixETags(text string) string { return strings.ReplaceAll(text, "AAAAAAAAAAE=", "…") }

// TestVersions tries values of api-version.
func TestVersions(t *testing.T) {
	hub := localhub.New(t)
	hub.AddModule("d", "m")
	for query, want := range map[string]int{
		"?api-version=2021-04-12": 200, "?api-version=2016-02-03": 200, "?api-version=2020-05-31-preview": 200,
		"": 400, "?api-version=": 400, "?api-version=1": 400, "?api-version=latest": 400,
	} {
		got, err := newREST(t, hub).try("GET", "/devices/d"+query, "")
		if err != nil || got.status != want {
			t.Errorf("%q = %d, %v, want %d", query, got.status, err, want)
		}
		if want == 400 {
			contains(t, "the body", got.body, `"Message":"ErrorCode:InvalidProtocolVersion;BadRequest"`)
		}
	}
}

// TestOddIDs creates and finds identities whose ids need escaping.
func TestOddIDs(t *testing.T) {
	r := newREST(t, localhub.New(t))
	for id, escaped := range map[string]string{
		"..": "%2e%2e", ".": "%2E", "a%2Fb": "a%252Fb", "a?b#c": "a%3Fb%23c", "a+b": "a+b", "query": "query",
		"devices": "devices", "x$;=@": "x$;=@", "'(*)!": "'(*)!",
	} {
		r.must(200, "PUT", "/devices/"+escaped, `{"deviceId":"`+id+`"}`)
		r.must(200, "PUT", "/devices/"+escaped+"/modules/"+escaped, `{"deviceId":"`+id+`","moduleId":"`+id+`"}`)
		got := r.must(200, "GET", "/twins/"+escaped+"/modules/"+escaped, "")
		contains(t, "the twin", got.body, `"deviceId":"`+id+`","moduleId":"`+id+`"`)
	}
}

func TestModuleLimit(t *testing.T) {
	hub := localhub.New(t)
	r := newREST(t, hub)
	for i := range 50 {
		hub.AddModule("d", "m"+strconv.Itoa(i))
	}
	got := r.must(413, "PUT", "/devices/d/modules/one-too-many", `{"deviceId":"d","moduleId":"one-too-many"}`)
	contains(t, "the body", got.body, "ErrorCode:TooManyModulesOnDevice;")
	r.must(409, "PUT", "/devices/d/modules/m0", `{"deviceId":"d","moduleId":"m0"}`)
	r.must(204, "DELETE", "/devices/d/modules/m0", "", "If-Match: *")
	r.must(200, "PUT", "/devices/d/modules/one-too-many", `{"deviceId":"d","moduleId":"one-too-many"}`)
}
