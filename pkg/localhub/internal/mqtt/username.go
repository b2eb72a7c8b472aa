package mqtt

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"moduletwin/pkg/localhub/internal/registry"
)

// oldQueries are the beginnings of the query in old user names, which have no
// "?" between the ids and the query.
var oldQueries = []string{"/api-version=", "/DeviceClientType=", "/model-id="}

// parseUsername parses the user name of a CONNECT:
//
//	host/device/?api-version=2021-04-12&DeviceClientType=…
//	host/device/module/?api-version=…
//
// The host is ignored: behind a gateway it is the gateway's. Ids are not
// escaped. There must be an api-version; its value and all other parameters are
// ignored.
func parseUsername(name string) (registry.ID, error) {
	path, query, found := cutLast(name, "/?")
	if !found {
		path, query = cutOldQuery(name)
	}
	if !hasVersion(query) {
		return registry.ID{}, errors.New("the user name contains no api-version")
	}
	segments := strings.Split(path, "/")
	if len(segments) < 2 || len(segments) > 3 || slices.Contains(segments, "") {
		return registry.ID{}, fmt.Errorf("the user name %.300q is not host/device/?… or host/device/module/?…", path)
	}
	id := registry.ID{Device: segments[1]}
	if len(segments) == 3 {
		id.Module = segments[2]
	}
	if id.TooLong() { // refused here, as every message about the sign-in repeats the ids
		return registry.ID{}, fmt.Errorf("the user name %.300q has an id of more than %d characters", path, registry.MaxIDLength)
	}
	return id, nil
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
