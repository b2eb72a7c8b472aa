package portal_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/portal"
)

// TestAttacks lists what other sites and programs may try through a browser on
// this machine.
func TestAttacks(t *testing.T) {
	s := newScene(t)
	s.hub.AddModule("d", "m")
	own := s.server.URL
	_, port, _ := strings.Cut(strings.TrimPrefix(own, "http://"), ":")
	signedIn := "portal-" + port + "=" + s.portal.Token()
	headers := func(pairs ...string) http.Header {
		h := make(http.Header)
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	for _, row := range []struct {
		name   string
		method string
		path   string
		host   string
		header http.Header
		want   int
	}{
		{"the page, signed in", "GET", "/", "", headers("Cookie", signedIn), 200},
		{"by another name of this machine", "GET", "/", "localhost:" + port, headers("Cookie", signedIn), 200},
		{"a link from another site", "GET", "/devices", "", headers("Cookie", signedIn, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), 200},
		{"a write by the page", "POST", "/api/fault", "", headers("Cookie", signedIn, "Origin", own, "Sec-Fetch-Site", "same-origin"), 400},

		{"no token: the page", "GET", "/", "", headers(), 401},
		{"no token: a script", "GET", "/assets/app.js", "", headers(), 401},
		{"no token: keys", "GET", "/api/keys?policy=iothubowner", "", headers(), 401},
		{"no token: the stream", "GET", "/api/events", "", headers(), 401},
		{"no token: a write", "POST", "/api/fault", "", headers(), 401},
		{"a wrong token", "GET", "/?token=wrong", "", headers(), 401},
		{"a wrong cookie", "GET", "/api/hub", "", headers("Cookie", "portal-"+port+"=wrong"), 401},
		{"an empty cookie", "GET", "/api/hub", "", headers("Cookie", "portal-"+port+"="), 401},
		{"the cookie of another port", "GET", "/api/hub", "", headers("Cookie", "portal-1="+s.portal.Token()), 401},

		{"DNS rebinding", "GET", "/api/keys?policy=iothubowner", "attacker.example:" + port, headers("Cookie", signedIn), 421},
		{"DNS rebinding, with the token", "GET", "/?token=" + s.portal.Token(), "attacker.example", headers(), 421},
		{"a name that begins like ours", "GET", "/", "localhost.attacker.example", headers("Cookie", signedIn), 421},
		{"another address", "GET", "/", "192.0.2.1:" + port, headers("Cookie", signedIn), 421},
		{"no name", "GET", "/", "-", headers("Cookie", signedIn), 421},

		{"a form of another site", "POST", "/api/fault", "", headers("Cookie", signedIn, "Origin", "https://attacker.example", "Sec-Fetch-Site", "cross-site"), 403},
		{"a form of an old browser", "POST", "/api/fault", "", headers("Cookie", signedIn, "Origin", "https://attacker.example"), 403},
		{"a form of another port", "POST", "/api/fault", "", headers("Cookie", signedIn, "Origin", "http://127.0.0.1:1", "Sec-Fetch-Site", "same-site"), 403},
		{"a form without origin", "POST", "/api/fault", "", headers("Cookie", signedIn, "Origin", "null"), 403},
		{"a script of another port reads keys", "GET", "/api/keys?policy=iothubowner", "", headers("Cookie", signedIn, "Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors"), 403},
		{"an image of another site", "GET", "/api/hub", "", headers("Cookie", signedIn, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"), 403},
		{"a script tag of another site", "GET", "/assets/app.js", "", headers("Cookie", signedIn, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"), 403},
		{"a frame of another site", "GET", "/", "", headers("Cookie", signedIn, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"), 403},
		{"another site opens keys in a tab", "GET", "/api/keys?policy=iothubowner", "", headers("Cookie", signedIn, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), 403},
		{"a preflight", "OPTIONS", "/api/keys", "", headers("Cookie", signedIn, "Origin", "https://attacker.example", "Access-Control-Request-Method", "GET"), 403},

		{"out of the folder", "GET", "/assets/..%2f..%2fportal.go", "", headers("Cookie", signedIn), 404},
		{"the source of a template", "GET", "/assets/index.html", "", headers("Cookie", signedIn), 404},
	} {
		t.Run(row.name, func(t *testing.T) {
			request, err := http.NewRequest(row.method, own+row.path, strings.NewReader(`{"word":"nonsense"}`))
			if err != nil {
				t.Fatal(err)
			}
			request.Host, request.Header = row.host, row.header
			response, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, _ := io.ReadAll(response.Body)
			if response.StatusCode != row.want {
				t.Errorf("%s, want %d: %.200s", response.Status, row.want, body)
			}
			for _, secret := range append(secretsOf(s.hub), s.portal.Token()) {
				if strings.Contains(string(body), secret) {
					t.Error("the response contains a secret")
				}
			}
			for name, want := range map[string]string{
				"Cache-Control":               "no-store",
				"Referrer-Policy":             "no-referrer",
				"X-Content-Type-Options":      "nosniff",
				"Access-Control-Allow-Origin": "",
			} {
				if got := response.Header.Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			policy := response.Header.Get("Content-Security-Policy")
			if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
				t.Errorf("the Content-Security-Policy is %q", policy)
			}
		})
	}
	if n := s.hub.FaultsInjected(); n > 0 {
		t.Errorf("%d faults were injected", n)
	}
}

// secretsOf returns all keys of a hub's policies.
func secretsOf(hub *localhub.Hub) (secrets []string) {
	for _, policy := range hub.Policies() {
		secrets = append(secrets, policy.Keys.PrimaryKey.Reveal(), policy.Keys.SecondaryKey.Reveal())
	}
	return secrets
}

// TestToken checks that the token comes in the address, is put into a cookie
// and is removed from the address.
func TestToken(t *testing.T) {
	s := newScene(t)
	get := func(path string, header http.Header) *http.Response {
		t.Helper()
		request, err := http.NewRequest("GET", s.server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header = header
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { response.Body.Close() })
		return response
	}
	response := get("/devices/d?search=x&token="+s.portal.Token(), http.Header{})
	if to := response.Header.Get("Location"); response.StatusCode != http.StatusSeeOther || to != "/devices/d?search=x" {
		t.Errorf("%s to %q", response.Status, to)
	}
	cookie := response.Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.Domain != "" || cookie.MaxAge < 24*60*60 {
		t.Errorf("the cookie is %v", cookie.Raw[strings.Index(cookie.Raw, ";"):])
	}

	// No redirect leads to another server.
	for path, want := range map[string]string{"//attacker.example/": "/attacker.example/", `/\attacker.example`: `/%5Cattacker.example`} {
		response := get(path+"?token="+s.portal.Token(), http.Header{})
		if to := response.Header.Get("Location"); to != want {
			t.Errorf("%s leads to %q, want %q", path, to, want)
		}
	}

	// After a link from another site, the browser would not send the cookie to
	// the target of a redirect.
	response = get("/devices?token="+s.portal.Token(), http.Header{
		"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"},
	})
	if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK || !strings.Contains(string(body), `content="0;url=/devices"`) {
		t.Errorf("%s, %s", response.Status, body)
	}

	// Nor does it send the cookie with a link without the token. When the page
	// then starts again, it does, or is asked for the token.
	link := func(site string) http.Header {
		return http.Header{"Sec-Fetch-Site": {site}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}}
	}
	for path, want := range map[string]string{"/devices/d?search=x": "/devices/d?search=x", "//attacker.example/": "/attacker.example/"} {
		response := get(path, link("cross-site"))
		if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK || !strings.Contains(string(body), `content="0;url=`+want+`"`) {
			t.Errorf("%s: %s, %s", path, response.Status, body)
		}
	}
	if response := get("/devices", link("same-origin")); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("from the page itself: %s", response.Status)
	}
	if response := get("/devices?token=wrong", link("cross-site")); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("with a wrong token: %s", response.Status)
	}

	// The whole address may be pasted as the token.
	response = get("/?token=http%3A%2F%2Flocalhost%3A8880%2F%3Ftoken%3D"+s.portal.Token(), http.Header{})
	if response.StatusCode != http.StatusSeeOther {
		t.Errorf("the whole address: %s", response.Status)
	}
}

// TestTokenStays checks that the token stays the same as long as the hub keeps
// its keys, so that bookmarks work, and that it is not part of a key.
func TestTokenStays(t *testing.T) {
	folder := t.TempDir()
	token := func(options *localhub.Options) string {
		t.Helper()
		hub, err := localhub.Start(options)
		if err != nil {
			t.Fatal(err)
		}
		defer hub.Close()
		p := portal.New(hub, nil)
		defer p.Close()
		for _, secret := range secretsOf(hub) {
			if strings.Contains(secret, p.Token()) {
				t.Error("the token is part of a key")
			}
		}
		return p.Token()
	}
	first := token(&localhub.Options{DataDir: folder})
	if len(first) < 22 {
		t.Errorf("the token has %d characters", len(first))
	}
	if token(&localhub.Options{DataDir: folder}) != first {
		t.Error("the token changed with a restart")
	}
	if token(nil) == first {
		t.Error("another hub has the same token")
	}
}

// TestHosts checks that a portal also answers to the host names in its options.
func TestHosts(t *testing.T) {
	p := portal.New(localhub.New(t), &portal.Options{Hosts: []string{"hub.example"}})
	defer p.Close()
	for host, want := range map[string]int{"hub.example:8880": 401, "HUB.example": 401, "other.example": 421} {
		if got := statusOf(p, host); got != want {
			t.Errorf("%s: %d, want %d", host, got, want)
		}
	}
}
