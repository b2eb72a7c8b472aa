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
	query := r.URL.Query()
	if !p.isToken(tokenIn(query.Get("token"))) {
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
	query.Del("token")
	to := url.URL{Path: "/" + strings.TrimLeft(r.URL.Path, "/"), RawQuery: query.Encode()}
	if r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		// A browser that comes from another site does not send a
		// SameSite=Strict cookie during the whole chain of redirects; a page of
		// ours starts a new navigation.
		render(w, http.StatusOK, "forward.html", to.String())
		return
	}
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
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
// response, it is a page that asks for the token.
func (p *Portal) refuse(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/assets/") || r.Method != http.MethodGet {
		http.Error(w, "The token is missing or wrong.", http.StatusUnauthorized)
		return
	}
	render(w, http.StatusUnauthorized, "signin.html", r.URL.Query().Has("token"))
}
