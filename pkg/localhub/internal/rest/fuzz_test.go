package rest

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// FuzzIfMatch reads arbitrary headers: a header that is not empty is a
// condition or an error, and each ETag of a list is found.
func FuzzIfMatch(f *testing.F) {
	f.Add(`"AAAAAAAAAAE="`, "NzUyOTE1Mzk3")
	f.Add(`W/"a", "b"`, "a,b")
	f.Add(`"`, "")
	f.Fuzz(func(t *testing.T, text, etag string) {
		match, _, err := ifMatch(http.Header{"If-Match": {text}})
		said := strings.Trim(text, " \t")
		says := said != "" && said != `""`
		if says != (len(match) > 0 || err != nil) {
			t.Fatalf("%q is read as %q, %v", text, match, err)
		}
		if err != nil || strings.Contains(etag, `"`) || !strings.HasPrefix(text, `"`) {
			return
		}
		longer, quoted, err := ifMatch(http.Header{"If-Match": {text, `"` + etag + `"`}})
		if err != nil || !quoted || !slices.Contains(longer, etag) {
			t.Fatalf("%q and %q are read as %q, %v", text, etag, longer, err)
		}
	})
}
