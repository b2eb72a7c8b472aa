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

// errPortal marks what goes wrong when the web page is to be served.
var errPortal = errors.New("serve the web page")

// page is the hub's web page while it is served.
type page struct {
	portal *portal.Portal
	server *http.Server
	url    string // with the token
	taken  string // the address that was wanted, if another program listens there
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
	taken := ""
	if listen.IsTaken(err) {
		taken = address
		listeners, err = listen.Open(net.JoinHostPort(host, "0"))
	}
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(listeners[0].Addr().String()) // always host and port
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host, _ = os.Hostname()
	}
	p := &page{portal: portal.New(hub, &portal.Options{Hosts: []string{host}}), taken: taken}
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

// elsewhere says why the page is not where it was to be.
func (p *page) elsewhere() string {
	host, text, _ := net.SplitHostPort(p.taken) // as it could be listened to
	port, _ := net.LookupPort("tcp", text)
	return fmt.Sprintf("another program is listening on %s, so the address of the portal changes with every start; to keep it, name another port: -portal %s",
		p.taken, net.JoinHostPort(host, strconv.Itoa(port+1)))
}

// close ends the page, open views included.
func (p *page) close() {
	if p == nil {
		return
	}
	p.portal.Close()
	p.server.Close()
}
