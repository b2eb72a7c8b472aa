package localhub_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// stamps matches the times in metadata, which differ in every run.
var stamps = regexp.MustCompile(`"2[-0-9]+T[0-9:.]+Z"`)

// parts returns the etag and version, the tags and the desired properties of a
// twin.
func parts(t *testing.T, body string) (counters, tags, desired string) {
	t.Helper()
	var twin struct {
		ETag       string
		Version    json.Number
		Tags       json.RawMessage
		Properties struct{ Desired, Reported json.RawMessage }
	}
	if err := json.Unmarshal([]byte(body), &twin); err != nil {
		t.Fatal(err)
	}
	return twin.ETag + " " + twin.Version.String(), string(twin.Tags), stamps.ReplaceAllString(string(twin.Properties.Desired), `"now"`)
}

// TestTwinUpdates changes one twin step by step. The counters are etag and
// version; "now" stands for the time of any write.
func TestTwinUpdates(t *testing.T) {
	hub := localhub.New(t)
	hub.AddModule("d", "m")
	r := newREST(t, hub)
	for _, step := range []struct {
		name, method, body      string
		counters, tags, desired string
	}{
		{"tags only: desired keeps its version", "PATCH", `{"tags":{"a":{"b":1,"c":2}}}`,
			"AAAAAAAAAAI= 3", `{"a":{"b":1,"c":2}}`, `{"$metadata":{"$lastUpdated":"0001-01-01T00:00:00Z"},"$version":1}`},
		{"both: one step", "PATCH", `{"tags":{"a":{"b":null}},"properties":{"desired":{"x":{"y":1}}}}`,
			"AAAAAAAAAAM= 4", `{"a":{"c":2}}`, `{"x":{"y":1},"$metadata":{"$lastUpdated":"now","$lastUpdatedVersion":2,"x":{"$lastUpdated":"now","$lastUpdatedVersion":2,"y":{"$lastUpdated":"now","$lastUpdatedVersion":2}}},"$version":2}`},
		{"siblings keep their stamps", "PATCH", `{"properties":{"desired":{"x":{"z":[1,{"":2}]}}}}`,
			"AAAAAAAAAAQ= 5", `{"a":{"c":2}}`, `{"x":{"y":1,"z":[1,{"":2}]},"$metadata":{"$lastUpdated":"now","$lastUpdatedVersion":3,"x":{"$lastUpdated":"now","$lastUpdatedVersion":3,"y":{"$lastUpdated":"now","$lastUpdatedVersion":2},"z":{"$lastUpdated":"now","$lastUpdatedVersion":3}}},"$version":3}`},
		{"the same value again: a new stamp", "PATCH", `{"properties":{"desired":{"x":{"y":1,"z":null,"none":null}}}}`,
			"AAAAAAAAAAU= 6", `{"a":{"c":2}}`, `{"x":{"y":1},"$metadata":{"$lastUpdated":"now","$lastUpdatedVersion":4,"x":{"$lastUpdated":"now","$lastUpdatedVersion":4,"y":{"$lastUpdated":"now","$lastUpdatedVersion":4}}},"$version":4}`},
		{"an emptied object stays", "PATCH", `{"properties":{"desired":{"x":{"y":null}}}}`,
			"AAAAAAAAAAY= 7", `{"a":{"c":2}}`, `{"x":{},"$metadata":{"$lastUpdated":"now","$lastUpdatedVersion":5,"x":{"$lastUpdated":"now","$lastUpdatedVersion":5}},"$version":5}`},
		{"a scalar in place of an object", "PATCH", `{"properties":{"desired":{"x":1.0,"s":"<&>"}}}`,
			"AAAAAAAAAAc= 8", `{"a":{"c":2}}`, `{"s":"<&>","x":1.0,"$metadata":{"$lastUpdated":"now","$lastUpdatedVersion":6,"s":{"$lastUpdated":"now","$lastUpdatedVersion":6},"x":{"$lastUpdated":"now","$lastUpdatedVersion":6}},"$version":6}`},
		{"a twin sent back: what the hub added is ignored", "PATCH", `{"deviceId":"z","etag":"z","version":9,"status":"disabled","x509Thumbprint":{},"parentScopes":[],"properties":{"desired":{"s":null,"$metadata":{"z":1},"$version":1},"reported":{"r":1,"$version":1}}}`,
			"AAAAAAAAAAg= 9", `{"a":{"c":2}}`, `{"x":1.0,"$metadata":{"$lastUpdated":"now","$lastUpdatedVersion":7,"x":{"$lastUpdated":"now","$lastUpdatedVersion":6}},"$version":7}`},
		{"tags cleared", "PATCH", `{"tags":null}`,
			"AAAAAAAAAAk= 10", ``, `{"x":1.0,"$metadata":{"$lastUpdated":"now","$lastUpdatedVersion":7,"x":{"$lastUpdated":"now","$lastUpdatedVersion":6}},"$version":7}`},
		{"replaced: the count goes on", "PUT", `{"tags":{"t":true},"properties":{"desired":{"n":{"m":-5}}}}`,
			"AAAAAAAAAAo= 11", `{"t":true}`, `{"n":{"m":-5},"$metadata":{"$lastUpdated":"now","$lastUpdatedVersion":8,"n":{"$lastUpdated":"now","$lastUpdatedVersion":8,"m":{"$lastUpdated":"now","$lastUpdatedVersion":8}}},"$version":8}`},
		{"replaced with nothing", "PUT", `{}`,
			"AAAAAAAAAAs= 12", ``, `{"$metadata":{"$lastUpdated":"now","$lastUpdatedVersion":9},"$version":9}`},
		{"an empty patch counts", "PATCH", `{"properties":{"desired":{}}}`,
			"AAAAAAAAAAw= 13", ``, `{"$metadata":{"$lastUpdated":"now","$lastUpdatedVersion":10},"$version":10}`},
		{"desired properties are null", "PATCH", `{"properties":{"desired":null}}`,
			"AAAAAAAAAA0= 14", ``, `{"$metadata":{"$lastUpdated":"now","$lastUpdatedVersion":10},"$version":10}`},
	} {
		response := r.must(200, step.method, "/twins/d/modules/m", step.body)
		counters, tags, desired := parts(t, response.body)
		if counters != step.counters || tags != step.tags || desired != step.desired {
			t.Errorf("%s:\n%s\n%s\n%s\nwant\n%s\n%s\n%s", step.name, counters, tags, desired, step.counters, step.tags, step.desired)
		}
		if again := r.must(200, "GET", "/twins/d/modules/m", ""); again.body != response.body {
			t.Errorf("%s: GET returns %s, the update returned %s", step.name, again.body, response.body)
		}
	}
}

// TestTwinETag sends If-Match in the forms that SDKs use.
func TestTwinETag(t *testing.T) {
	hub := localhub.New(t)
	hub.AddModule("d", "m")
	r := newREST(t, hub)
	const path, body = "/twins/d/modules/m", `{"tags":{}}`
	r.must(200, "PATCH", path, body, `If-Match: "AAAAAAAAAAE="`)
	r.must(412, "PATCH", path, body, `If-Match: "AAAAAAAAAAE="`)
	r.must(412, "PUT", path, body, `If-Match: "AAAAAAAAAAE="`)
	r.must(200, "PUT", path, body, `If-Match: "AAAAAAAAAAI="`)
	r.must(200, "PATCH", path, body, `If-Match: *`)
	r.must(200, "PATCH", path, body, `If-Match: "*"`)
	r.must(200, "PATCH", path, body, `If-Match: ""`)
	r.must(200, "PATCH", path, body, `If-Match: AAAAAAAAAAE=`) // without quotes, ignored
	r.must(200, "POST", path, body, "X-HTTP-Method-Override: PATCH", "Content-Type: application/json")
	counters, _, _ := parts(t, r.must(200, "GET", path, "").body)
	if counters != "AAAAAAAAAAg= 9" {
		t.Errorf("counters %s after 7 updates", counters)
	}
}

// TestWriteBack checks that desired properties can be read, changed and written
// back, as over HTTPS: what the hub added to them is ignored.
func TestWriteBack(t *testing.T) {
	hub := localhub.New(t)
	hub.AddModule("d", "m")
	hub.PatchDesired("d", "m", map[string]any{"a": 1})
	twin, _ := hub.Twin("d", "m")
	desired := twin.Properties.Desired
	if desired["$metadata"] == nil || desired["$version"] == nil {
		t.Fatalf("the desired properties are %v", desired)
	}
	desired["b"] = 2
	if version, err := hub.PatchDesired("d", "m", desired); version != 3 || err != nil {
		t.Fatalf("PatchDesired = %d, %v", version, err)
	}
	twin, _ = hub.Twin("d", "m")
	if desired := twin.Properties.Desired; desired["a"] != 1.0 || desired["b"] != 2.0 || desired.Version() != 3 {
		t.Errorf("the desired properties are %v", desired)
	}
	_, err := hub.PatchDesired("d", "m", map[string]any{"a": map[string]any{"$version": 1}})
	if refused := (*iothub.Error)(nil); !errors.As(err, &refused) {
		t.Errorf("a $version further down: %v", err)
	}
}

// TestIdentityUpdates checks the etag of an identity, and what a PUT keeps.
func TestIdentityUpdates(t *testing.T) {
	type identity struct {
		GenerationID, ETag, Status, StatusUpdatedTime string
		StatusReason                                  *string
		Authentication                                struct {
			SymmetricKey struct{ PrimaryKey string }
		}
	}
	hub := localhub.New(t)
	hub.AddModule("d", "m")
	r := newREST(t, hub)
	read := func(response reply) (i identity) {
		json.Unmarshal([]byte(response.body), &i)
		return i
	}
	before := read(r.must(200, "GET", "/devices/d", ""))
	if len(before.GenerationID) != 18 {
		t.Errorf("generationId %q", before.GenerationID)
	}
	after := read(r.must(200, "PUT", "/devices/d", `{"deviceId":"d","status":"Disabled","statusReason":"lost","etag":"stale","generationId":""}`, `If-Match: "`+before.ETag+`"`))
	if after.Status != "disabled" || *after.StatusReason != "lost" || strings.HasPrefix(after.StatusUpdatedTime, "0001") {
		t.Errorf("after the update: %+v", after)
	}
	if after.ETag == before.ETag || after.GenerationID != before.GenerationID || after.Authentication != before.Authentication {
		t.Errorf("after the update: %+v, before: %+v", after, before)
	}
	r.must(412, "PUT", "/devices/d", `{"deviceId":"d"}`, `If-Match: "`+before.ETag+`"`)
	r.must(200, "PUT", "/devices/d", `{"deviceId":"d"}`, `If-Match: `+after.ETag)
	contains(t, "the device", r.must(200, "GET", "/devices/d", "").body, `"status":"disabled"`, `"statusReason":null`)

	const key = "MDEyMzQ1Njc4OTAxMjM0NQ=="
	body := `{"deviceId":"d","moduleId":"m","managedBy":"me","authentication":{"type":"sas","symmetricKey":{"primaryKey":"` + key + `","secondaryKey":"` + key + `"}}}`
	contains(t, "the module", r.must(200, "PUT", "/devices/d/modules/m", body, "If-Match: *").body, `"managedBy":"me"`, `"primaryKey":"`+key+`"`)
}

// TestPrecision checks that numbers stay as they were written.
func TestPrecision(t *testing.T) {
	hub := localhub.New(t)
	hub.AddModule("d", "m")
	const numbers = `{"a":4503599627370495,"b":-4503599627370496,"c":0.1000,"d":1e21}`
	response := newREST(t, hub).must(200, "PATCH", "/twins/d", `{"tags":`+numbers+`}`)
	contains(t, "the twin", response.body, numbers)
}

// TestDocuments lists what a twin may contain and the message with which the
// hub refuses the rest: by PATCH and PUT, in tags and desired properties, and
// reported over MQTT.
func TestDocuments(t *testing.T) {
	deep := func(levels int, opening, closing string) string {
		return `{"a":` + strings.Repeat(opening, levels) + "1" + strings.Repeat(closing, levels) + `}`
	}
	const (
		nullInArray = "Value of Property or Tag cannot be null. Error inProperty/Tag "
		tooDeep     = "Property or Tag depth should be maximum 10 levels."
		badName     = "Property or Tag name has invalid characters."
		notJSON     = "Provided json is not a valid 'tags' or 'properties' object."
	)
	hub := localhub.New(t)
	r := newREST(t, hub)
	c, _ := signIn(t, hub, hub.AddModule("d", "m"))
	c.subscribe(responses)
	for _, row := range []struct {
		name, document, refused string
		always                  bool // refused as not being JSON; only over HTTPS is the reason given
	}{
		{"null in an array", `{"b":[1,null]}`, nullInArray + "b", false},
		{"null in an array in an array", `{"b":[[null]]}`, nullInArray + "b", false},
		{"null in an object in an array", `{"a":[{"b":null}]}`, nullInArray + "b", false},
		{"null deeper in an array", `{"a":[{"b":{"c":null}}]}`, nullInArray + "c", false},
		{"ten objects", deep(10, `{"b":`, "}"), "", false},
		{"eleven objects", deep(11, `{"b":`, "}"), tooDeep, false},
		{"ten arrays", deep(10, "[", "]"), "", false},
		{"eleven arrays", deep(11, "[", "]"), tooDeep, false},
		{"objects and arrays, five each", deep(5, `[{"b":`, "}]"), "", false},
		{"objects and arrays, six each", deep(6, `[{"b":`, "}]"), tooDeep, false},
		{"empty name", `{"":1,"a":{"":2}}`, "", false},
		{"no-break space in a name", `{"a\u00a0b":1}`, badName, false},
		{"line separator in a name", `{"a\u2028b":1}`, badName, false},
		{"letters of all scripts in a name", `{"größe_温度":1}`, "", false},
		{"surrogate pair", `{"a":"\ud83d\ude00"}`, "", false},
		{"escaped backslash before a u", `{"a":"\\ud83d"}`, "", false},
		{"first half of a pair", `{"a":"\ud83d"}`, "one half of a surrogate pair", true},
		{"second half first", `{"a":"\ude00\ud83d"}`, "one half of a surrogate pair", true},
		{"half a pair in a name", `{"\ud83dx":1}`, "one half of a surrogate pair", true},
		{"not UTF-8", "{\"a\":\"\xff\"}", "it is not UTF-8", true},
		{"byte order mark", "\ufeff{}", "it begins with a byte order mark", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			want := 200
			if row.refused != "" {
				want = 400
			}
			for _, body := range []string{`{"tags":` + row.document + `}`, `{"properties":{"desired":` + row.document + `}}`} {
				for _, method := range []string{"PATCH", "PUT"} {
					if strings.HasPrefix(row.document, "\ufeff") {
						body = row.document
					}
					got := r.do(method, "/twins/d/modules/m", body)
					if got.status != want || !strings.Contains(got.body, row.refused) || want == 400 && got.header.Get("iothub-errorcode") != "ArgumentInvalid" {
						t.Errorf("%s %s = %d %s, want %d %s", method, body, got.status, got.body, want, row.refused)
					}
				}
			}
			wantTopic, refused := "$iothub/twin/res/204/", row.refused
			if refused != "" {
				wantTopic = "$iothub/twin/res/400/"
			}
			if row.always {
				refused = notJSON
			}
			topic, body := c.request("$iothub/twin/PATCH/properties/reported/?$rid=1", row.document)
			if !strings.HasPrefix(topic, wantTopic) || !strings.Contains(body, refused) || refused != "" && !strings.Contains(body, `"errorCode":400004`) {
				t.Errorf("the report is answered on %s by %s, want %s and %s", topic, body, wantTopic, refused)
			}
		})
	}
}
