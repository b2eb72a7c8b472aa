package portal

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// signIn exchanges the token in the URL for a cookie, and redirects to the same
// page without the token.
func (p *Portal) signIn(w http.ResponseWriter, r *http.Request) {
	if !p.isToken(tokenIn(r.URL.Query().Get("token"))) {
		p.refuse(w, r)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name:     cookieName(r),
		Value:    p.token,
		Path:     "/",
		MaxAge:   365 * 24 * 60 * 60,
		HttpOnly: true,
		SameSite: http.SameSiteStrictMode,
	})
	if isForeignLink(r) {
		forward(w, r)
		return
	}
	http.Redirect(w, r, withoutToken(r), http.StatusSeeOther)
}

// isForeignLink reports whether the browser follows a link from another site.
// It does not send a SameSite=Strict cookie then, nor after redirects.
func isForeignLink(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") == "cross-site"
}

// forward answers with a page that requests the same address again, without the
// token. As that page is ours, the browser then sends the cookie.
func forward(w http.ResponseWriter, r *http.Request) {
	render(w, http.StatusOK, "forward.html", withoutToken(r))
}

// withoutToken returns the address of a request on this server, without the
// token.
func withoutToken(r *http.Request) string {
	query := r.URL.Query()
	query.Del("token")
	to := url.URL{Path: "/" + strings.TrimLeft(r.URL.Path, "/"), RawQuery: query.Encode()}
	return to.String()
}

// tokenIn returns the token from what was pasted: either the token itself or a
// URL that contains it.
func tokenIn(text string) string {
	text = strings.TrimSpace(text)
	if address, err := url.Parse(text); err == nil && address.Query().Has("token") {
		return address.Query().Get("token")
	}
	return text
}

func (p *Portal) isToken(text string) bool {
	return subtle.ConstantTimeCompare([]byte(text), []byte(p.token)) == 1
}

func (p *Portal) hasCookie(r *http.Request) bool {
	cookie, err := r.Cookie(cookieName(r))
	return err == nil && p.isToken(cookie.Value)
}

// cookieName returns a name that contains the port. Cookies are shared by all
// ports of a host, and there may be several hubs on a machine.
func cookieName(r *http.Request) string {
	_, port, _ := net.SplitHostPort(r.Host)
	return "portal-" + port
}

// refuse refuses a request without a valid token. Where a person will see the
// response, it is a page that asks for the token, unless the browser may have
// kept the cookie back.
func (p *Portal) refuse(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/assets/") || r.Method != http.MethodGet {
		http.Error(w, "The token is missing or wrong.", http.StatusUnauthorized)
		return
	}
	tried := r.URL.Query().Has("token")
	if isForeignLink(r) && !tried {
		forward(w, r)
		return
	}
	render(w, http.StatusUnauthorized, "signin.html", tried)
}
