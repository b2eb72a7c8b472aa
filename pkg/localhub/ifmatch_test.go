package localhub_test

import (
	"encoding/json"
	"strings"
	"testing"

	"moduletwin/pkg/localhub"
)

// TestIfMatch tries the possible values of If-Match for every change that takes
// a condition. ETAG stands for the current ETag. A condition can be met, not
// met or unreadable. Like Azure, the hub ignores an ETag without quotes for a
// twin.
func TestIfMatch(t *testing.T) {
	const unreadable = "ErrorCode:PreconditionFailed;Precondition failed: Invalid ETag"
	for _, row := range []struct {
		header         string
		identity, twin int // the status
		text           string
	}{
		{`*`, 200, 200, ""},
		{`"*"`, 200, 200, ""},
		{`"ETAG"`, 200, 200, ""},
		{`"AAAA"`, 412, 412, ""},
		{`ETAG`, 200, 200, ""},
		{`AAAA`, 412, 200, ""},
		{`W/"ETAG"`, 412, 412, ""},
		{`W/"AAAA"`, 412, 412, ""},
		{`"AAAA", "ETAG"`, 200, 200, ""},
		{`"AAAA","ETAG"`, 200, 200, ""},
		{`"AAAA" , , "ETAG",`, 200, 200, ""},
		{`"AAAA", "BBBB"`, 412, 412, ""},
		{`"AAAA", W/"ETAG"`, 412, 412, ""},
		{`W/"AAAA", "ETAG"`, 200, 200, ""},
		{`"AAAA,ETAG"`, 412, 412, ""},
		{`"", "AAAA"`, 412, 412, ""},
		{`"`, 412, 412, unreadable},
		{`"""`, 412, 412, unreadable},
		{`"ETAG`, 412, 412, unreadable},
		{`ETAG"`, 412, 412, unreadable},
		{`w/"ETAG"`, 412, 412, unreadable},
		{`"AAAA" "ETAG"`, 412, 412, unreadable},
		{`AAAA, "ETAG"`, 412, 412, unreadable},
		{`ETAG, AAAA`, 412, 412, unreadable},
		{`*, "ETAG"`, 412, 412, unreadable},
		{`ETAG ETAG`, 412, 412, unreadable},
		{`,`, 412, 412, unreadable},
	} {
		t.Run(row.header, func(t *testing.T) {
			hub := localhub.New(t)
			hub.AddModule("d", "m")
			r := newREST(t, hub)
			for _, change := range []struct {
				method, path, body string
				want               int
			}{
				{"PATCH", "/twins/d/modules/m", `{"tags":{}}`, row.twin},
				{"PUT", "/twins/d/modules/m", `{}`, row.twin},
				{"PATCH", "/twins/d", `{"tags":{}}`, row.twin},
				{"PUT", "/devices/d/modules/m", `{"deviceId":"d","moduleId":"m"}`, row.identity},
				{"PUT", "/devices/d", `{"deviceId":"d"}`, row.identity},
				{"DELETE", "/devices/d/modules/m", "", row.identity},
				{"DELETE", "/devices/d", "", row.identity},
			} {
				header := strings.ReplaceAll(row.header, "ETAG", etag(r, change.path))
				got := r.do(change.method, change.path, change.body, "If-Match: "+header)
				want := change.want
				if change.method == "DELETE" && want == 200 {
					want = 204
				}
				if got.status != want {
					t.Errorf("%s %s with If-Match: %s = %d %s, want %d", change.method, change.path, header, got.status, got.body, want)
				}
				if got.status == 412 {
					contains(t, "the body", got.body, row.text)
				}
			}
		})
	}
}

func etag(r *rest, path string) string {
	r.t.Helper()
	var body struct{ ETag string }
	if err := json.Unmarshal([]byte(r.must(200, "GET", path, "").body), &body); err != nil {
		r.t.Fatal(err)
	}
	return body.ETag
}

// TestIfMatchLines sends If-Match in two header lines, which count as one.
func TestIfMatchLines(t *testing.T) {
	hub := localhub.New(t)
	hub.AddModule("d", "m")
	r := newREST(t, hub)
	for second, want := range map[string]int{`"AAAAAAAAAAE="`: 200, `"BBBB"`: 412} {
		got := r.do("PATCH", "/twins/d/modules/m", `{"tags":{}}`, `If-Match: "AAAA"`, "If-Match: "+second)
		if got.status != want {
			t.Errorf("with %s in the second line: %d %s, want %d", second, got.status, got.body, want)
		}
	}
}

// TestMethodOverride sends POST in place of another method, as the official
// Java SDK does for PATCH. The intended method also decides what the hub does
// with the body.
func TestMethodOverride(t *testing.T) {
	hub := localhub.New(t)
	hub.AddModule("d", "m")
	hub.AddModule("d", "m2")
	r := newREST(t, hub)
	const twin = "/twins/d/modules/m"
	for _, row := range []struct {
		method, override, path, body string
		want                         int
	}{
		{"POST", "PATCH", twin, `{"tags":{"a":1}}`, 200},
		{"POST", "patch", twin, `{"tags":{"a":1}}`, 200},
		{"POST", "PATCH", twin, "", 400},
		{"POST", "PUT", twin, `{}`, 200},
		{"POST", "PUT", twin, "", 400},
		{"POST", "GET", twin, "", 200},
		{"POST", "GET", "/devices/d", `ignored`, 200},
		{"POST", "DELETE", "/devices/d/modules/m2", "", 204},
		{"POST", "POST", twin, "", 405},
		{"POST", "", twin, `{}`, 405},
		{"GET", "DELETE", "/devices/d", "", 200}, // only POST can be overridden
		{"PATCH", "GET", twin, "", 400},
		{"DELETE", "PUT", "/devices/d", "", 204},
	} {
		got := r.do(row.method, row.path, row.body, "X-HTTP-Method-Override: "+row.override, "If-Match: *")
		if got.status != row.want {
			t.Errorf("%s for %q at %s with body %q = %d %s, want %d", row.method, row.override, row.path, row.body, got.status, got.body, row.want)
		}
	}
}
