package portal

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// signIn exchanges the token in the address for a cookie, and leads to the
// same page without it.
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
		// A browser that was sent here by another site keeps the cookie back
		// for the whole chain of redirects; a page of ours begins a new one.
		render(w, http.StatusOK, "forward.html", to.String())
		return
	}
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}

// tokenIn returns the token from what was pasted: itself, or an address with
// it.
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

// cookieName differs from port to port: cookies do not, and there may be
// several hubs on a machine.
func cookieName(r *http.Request) string {
	_, port, _ := net.SplitHostPort(r.Host)
	return "portal-" + port
}

// refuse asks for the token, in a page where somebody reads it.
func (p *Portal) refuse(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/assets/") || r.Method != http.MethodGet {
		http.Error(w, "The token is missing or wrong.", http.StatusUnauthorized)
		return
	}
	render(w, http.StatusUnauthorized, "signin.html", r.URL.Query().Has("token"))
}
