// Package portal serves a web page that shows a local hub live: its policies,
// devices, modules and twins, in the terms and in the order of the Azure
// portal, in German or English. The page itself, in the folder page, is plain
// HTML, CSS and JavaScript: no framework, no build step, no external
// resources.
//
// A [Portal] is an [http.Handler]. Tests can serve one for their hub, too:
//
//	hub := localhub.New(t)
//	server := httptest.NewServer(portal.New(hub, nil))
//
// A Portal uses only the public API of the hub, as any other tool could: it
// reads through the methods of [localhub.Hub], follows [event.Recording], and
// changes identities and twins over HTTPS through package iothub, with the
// ETag.
//
// # Who may look
//
// Every request except for the files that the sign-in page loads needs the
// token of [Portal.Token], because the page shows keys. The token comes only
// once, in the URL that [Portal.URL] returns, and is exchanged for a cookie.
// Requests that use a foreign host name or come from another site are refused:
// see guard.go.
package portal

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/event"
)

// Options say how a portal can be reached. A nil *Options means the zero value.
type Options struct {
	// Hosts holds further names, without port, by which browsers may request
	// the page. localhost and the addresses of this machine are always allowed.
	Hosts []string
}

// Portal serves the page of one hub.
type Portal struct {
	hub       *localhub.Hub
	client    *hubClient
	recording *event.Recording
	run       string // distinguishes the event numbers of this portal from those of an earlier one
	token     string
	hosts     []string
	handler   http.Handler
	viewers   atomic.Int64

	closed context.Context
	close  context.CancelFunc
}

// remembered is how many past events the page can show.
const remembered = 2000

// New returns a portal for hub. It records the hub's events from now on, until
// it is closed.
func New(hub *localhub.Hub, options *Options) *Portal {
	p := &Portal{
		hub:       hub,
		client:    newHubClient(hub),
		recording: hub.RecordEvents(remembered),
		run:       strconv.FormatInt(time.Now().UnixMilli(), 36),
		token:     newToken(hub),
	}
	if options != nil {
		p.hosts = options.Hosts
	}
	p.closed, p.close = context.WithCancel(context.Background())
	p.handler = p.guarded(p.routes())
	return p
}

// registry returns a client for the hub's identities and twins.
func (p *Portal) registry() *iothub.Registry { return p.client.get() }

// newToken derives the token from a key that the hub stores, so that it is the
// same after a restart but changes when the hub is reset.
func newToken(hub *localhub.Hub) string {
	hash := hmac.New(sha256.New, hub.ConnectionString(owner).SharedAccessKey.Bytes())
	hash.Write([]byte("portal"))
	return base64.RawURLEncoding.EncodeToString(hash.Sum(nil)[:18])
}

// Token returns the secret that requests need. It is the same for as
// long as the hub keeps its keys.
func (p *Portal) Token() string { return p.token }

// URL returns the URL to open in a browser when the portal is served at
// address, such as "localhost:8880". It contains the token.
func (p *Portal) URL(address string) string {
	return fmt.Sprintf("http://%s/?token=%s", address, url.QueryEscape(p.token))
}

// ServeHTTP serves the page and everything that it requests.
func (p *Portal) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

// Close ends the streams to all viewers and stops listening to the hub, which
// keeps running. Further calls do nothing.
func (p *Portal) Close() {
	p.close()
	p.recording.Close()
	p.client.close()
}

func (p *Portal) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", p.servePage)
	mux.HandleFunc("GET /assets/{name}", serveAsset)
	mux.HandleFunc("GET /assets/{version}/{name}", serveVersionedAsset)
	mux.HandleFunc("GET /api/events", p.serveEvents)
	for pattern, handle := range map[string]func(*Portal, *http.Request) (any, error){
		"GET /api/hub":         (*Portal).getHub,
		"GET /api/keys":        (*Portal).getKeys,
		"GET /api/devices":     (*Portal).listDevices,
		"GET /api/device":      (*Portal).getDevice,
		"POST /api/identity":   (*Portal).createIdentity,
		"PATCH /api/device":    (*Portal).changeDevice,
		"DELETE /api/identity": (*Portal).deleteIdentity,
		"GET /api/twin":        (*Portal).getTwin,
		"POST /api/check":      (*Portal).checkTwin,
		"PATCH /api/twin":      (*Portal).changeTwin,
		"POST /api/fault":      (*Portal).playFault,
	} {
		mux.Handle(pattern, p.jsonHandler(handle))
	}
	return mux
}
