package auth

import (
	"net"
	"net/url"
	"strings"
)

// covers reports whether a token for resource grants access to path: whether
// resource is a name of this hub, with or without a port, followed by path or a
// prefix of it, compared segment by segment.
//
// The .NET SDK escapes ids before it escapes the whole resource, so "a%40b"
// also means the device "a@b", see azure-iot-sdk-csharp#875. It does not if
// there is a device that is really called "a%40b", as the token of one device
// must not open another.
func (a *Auth) covers(resource string, path []string) bool {
	host, rest, _ := strings.Cut(resource, "/")
	if !a.isHost(host) {
		return false
	}
	rest = strings.TrimSuffix(rest, "/")
	if rest == "" {
		return true
	}
	named := strings.Split(rest, "/")
	if len(named) > len(path) {
		return false
	}
	literal := true
	for i, segment := range named {
		if segment == path[i] {
			continue
		}
		if unescaped, err := url.PathUnescape(segment); err != nil || unescaped != path[i] {
			return false
		}
		literal = false
	}
	return literal || !a.Exists(named)
}

// isHost reports whether host, with or without a port, is a name of this hub.
func (a *Auth) isHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	for _, name := range a.HostNames {
		if strings.EqualFold(name, host) {
			return true
		}
	}
	return false
}
