package portal

import (
	"net"
	"net/http"
	"slices"
	"strings"

	"moduletwin/pkg/internal/trust"
)

// headers are set on every response. The Content-Security-Policy allows only
// what this page does: run its own scripts, which never turn text into markup,
// and talk to this server.
var headers = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
	"Cache-Control":                "no-store",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
}

// guarded passes requests on to next only if they have the token, use one of
// the page's own host names, and do not come from another site. Public assets
// need no token.
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

// isOwnHost accepts loopback names, the address at which the request arrived,
// and the names in [Options]. A name that an attacker has pointed at this
// machine to gain access from a browser (DNS rebinding) is none of these.
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

// isOwnOrigin refuses what a browser requests for another site, even if it only
// reads: for a site on another port of this machine, the browser would send the
// cookie. Only following a link to the page is allowed.
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
