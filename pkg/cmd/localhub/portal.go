package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"moduletwin/pkg/internal/listen"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/portal"
)

// errPortal marks an error that occurred when the web page was to be served.
var errPortal = errors.New("serve the web page")

// page is the hub's web page while it is served.
type page struct {
	portal *portal.Portal
	server *http.Server
	url    string // with the token
	taken  string // the requested address, if another program is listening there
}

// openPage serves the page at address, or on another port if that one is taken.
// If address is "off", there is no page, and it returns nil.
func openPage(hub *localhub.Hub, address string) (*page, error) {
	if address == portalOff {
		return nil, nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	listeners, err := listen.Open(address)
	taken := ""
	if listen.IsTaken(err) {
		taken = address
		listeners, err = listen.Open(net.JoinHostPort(host, "0"))
	}
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(listeners[0].Addr().String()) // cannot fail for a listener's address
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host, _ = os.Hostname()
	}
	p := &page{portal: portal.New(hub, &portal.Options{Hosts: []string{host}}), taken: taken}
	p.url = p.portal.URL(net.JoinHostPort(host, port))
	p.server = &http.Server{
		Handler:           p.portal,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute, // for the request only: a stream of events takes as long as its viewer wants
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0), // mistakes of browsers are of no interest to the user
	}
	for _, l := range listeners {
		go p.server.Serve(l)
	}
	return p, nil
}

// elsewhere returns the warning that the page is not at the requested address.
func (p *page) elsewhere() string {
	host, text, _ := net.SplitHostPort(p.taken) // cannot fail: openPage has split it before
	port, _ := net.LookupPort("tcp", text)
	return fmt.Sprintf("another program is listening on %s, so the address of the portal changes with every start; to keep it, name another port: -portal %s",
		p.taken, net.JoinHostPort(host, strconv.Itoa(port+1)))
}

// close stops serving the page and ends open views.
func (p *page) close() {
	if p == nil {
		return
	}
	p.portal.Close()
	p.server.Close()
}
