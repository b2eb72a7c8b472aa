package hint

import (
	"net/http"
	"net/url"
	"strings"
)

// ThroughProxy adds to an error that the connection went through a proxy, if
// the environment names one for address.
func ThroughProxy(err error, address string) error {
	proxy, _ := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: address}})
	if proxy == nil {
		return err
	}
	wantsPassword := strings.Contains(err.Error(), http.StatusText(http.StatusProxyAuthRequired)) // the only trace of the response
	err = &proxyError{proxy.Host, err}
	if wantsPassword {
		return &Error{err, "Put the user and the password that the proxy wants into its address (HTTPS_PROXY=http://user:password@" + proxy.Host + ")."}
	}
	return err
}

// proxyError is an error of a connection through a proxy.
type proxyError struct {
	proxy string // host:port
	err   error
}

func (e *proxyError) Error() string { return "through the proxy " + e.proxy + ": " + e.err.Error() }
func (e *proxyError) Unwrap() error { return e.err }
