package auth

import (
	"net"
	"net/url"
	"strings"
)

// covers reports whether a token for resource opens path: whether it names
// this hub, in any of its names, with a port or without, and then path or a
// beginning of it, compared segment by segment.
//
// .NET's SDK escapes ids before it escapes the whole resource, so that "a%40b"
// stands for the device "a@b", see azure-iot-sdk-csharp#875. It does not if
// there is a device of the very name "a%40b": no token opens anything but its
// own.
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

// isHost reports whether host, with or without a port, is this hub.
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
