package portal

import (
	"net"
	"net/http"
	"slices"
	"strings"

	"moduletwin/pkg/internal/trust"
)

// headers go with every response. The policy lets a page do only what this one
// does: run its own scripts, which never make markup of a text, and talk to
// this server.
var headers = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
	"Cache-Control":                "no-store",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
}

// guarded lets nobody in to next but a viewer who has the token, asks for the
// page by a name of its own, and was not sent by another site.
func (p *Portal) guarded(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		switch {
		case !p.isOwnHost(r):
			http.Error(w, "This page is not served under that name.", http.StatusMisdirectedRequest)
		case crossOrigin.Check(r) != nil || !isOwnOrigin(r):
			http.Error(w, "Another site may not ask for this.", http.StatusForbidden)
		case r.URL.Query().Has("token"):
			p.signIn(w, r)
		case !p.hasCookie(r) && !isPublic(r):
			p.refuse(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// isOwnHost accepts loopback names, the address at which the request arrived
// and the names that the portal was told. A name that somebody else has
// pointed at this machine, to get at it from a browser, is none of them.
func (p *Portal) isOwnHost(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = strings.Trim(r.Host, "[]")
	}
	if trust.IsLoopback(host) || slices.ContainsFunc(p.hosts, func(own string) bool { return strings.EqualFold(own, host) }) {
		return true
	}
	local, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return local != nil && local.IP.Equal(net.ParseIP(host))
}

// isOwnOrigin refuses what a browser sends for another site, reading included:
// from another port of this machine, the cookie would come along. Only to
// follow a link to the page is allowed.
func isOwnOrigin(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return true
	}
	return r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" &&
		r.Method == http.MethodGet && !strings.HasPrefix(r.URL.Path, "/api/")
}
