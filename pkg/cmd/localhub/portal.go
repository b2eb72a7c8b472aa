package main

import (
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"moduletwin/pkg/internal/listen"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/portal"
)

// errPortal marks what goes wrong when the web page is to be served.
var errPortal = errors.New("serve the web page")

// page is the hub's web page while it is served.
type page struct {
	portal *portal.Portal
	server *http.Server
	url    string // with the token
}

// openPage serves the page at address. If another program listens there
// already, it takes another port. With address "off" there is no page: nil.
func openPage(hub *localhub.Hub, address string) (*page, error) {
	if address == portalOff {
		return nil, nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	listeners, err := listen.Open(address)
	if listen.IsTaken(err) {
		listeners, err = listen.Open(net.JoinHostPort(host, "0"))
	}
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(listeners[0].Addr().String()) // always host and port
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host, _ = os.Hostname()
	}
	p := &page{portal: portal.New(hub, &portal.Options{Hosts: []string{host}})}
	p.url = p.portal.URL(net.JoinHostPort(host, port))
	p.server = &http.Server{
		Handler:           p.portal,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // what browsers do wrong is not the learner's business
	}
	for _, l := range listeners {
		go p.server.Serve(l)
	}
	return p, nil
}

// close ends the page, open views included.
func (p *page) close() {
	if p == nil {
		return
	}
	p.portal.Close()
	p.server.Close()
}
