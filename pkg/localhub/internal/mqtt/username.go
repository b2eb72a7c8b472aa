package mqtt

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"moduletwin/pkg/localhub/internal/registry"
)

// oldQueries are the beginnings of what follows the ids in a user name of the
// years when no "?" stood between.
var oldQueries = []string{"/api-version=", "/DeviceClientType=", "/model-id="}

// parseUsername reads the user name of a CONNECT:
//
//	host/device/?api-version=2021-04-12&DeviceClientType=…
//	host/device/module/?api-version=…
//
// The host is not looked at: behind a gateway it is the gateway's. Ids are
// not escaped. An api-version has to be there; its value and all further
// parameters are of no importance.
func parseUsername(name string) (registry.ID, error) {
	path, query, found := cutLast(name, "/?")
	if !found {
		path, query = cutOldQuery(name)
	}
	if !hasVersion(query) {
		return registry.ID{}, errors.New("the user name holds no api-version")
	}
	segments := strings.Split(path, "/")
	for _, segment := range segments {
		if segment == "" {
			return registry.ID{}, fmt.Errorf("the user name %.300q is not host/device/?… or host/device/module/?…", path)
		}
	}
	switch len(segments) {
	case 2:
		return registry.ID{Device: segments[1]}, nil
	case 3:
		return registry.ID{Device: segments[1], Module: segments[2]}, nil
	}
	return registry.ID{}, fmt.Errorf("the user name %.300q is not host/device/?… or host/device/module/?…", path)
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

func cutOldQuery(name string) (path, query string) {
	at := len(name)
	for _, beginning := range oldQueries {
		if i := strings.Index(name, beginning); i >= 0 {
			at = min(at, i)
		}
	}
	return name[:at], strings.TrimPrefix(name[at:], "/")
}

func hasVersion(query string) bool {
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if unescaped, _ := url.PathUnescape(name); unescaped == "api-version" && value != "" {
			return true
		}
	}
	return false
}
