package rest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"moduletwin/pkg/localhub/internal/auth"
	"moduletwin/pkg/localhub/internal/huberror"
	"moduletwin/pkg/localhub/internal/registry"
)

// route is one kind of request of the REST interface, as in
// https://learn.microsoft.com/rest/api/iothub/service.
type route struct {
	method string
	path   []string // {d} and {m} are placeholders for ids
	needs  auth.Permission
	handle func(*Server, *request) (*response, error)
}

// routes lists all requests that are modelled.
var routes = []route{
	{"GET", segments("devices"), auth.RegistryRead, (*Server).listDevices},
	{"GET", segments("devices/{d}"), auth.RegistryRead, (*Server).getIdentity},
	{"PUT", segments("devices/{d}"), auth.RegistryWrite, (*Server).putIdentity},
	{"DELETE", segments("devices/{d}"), auth.RegistryWrite, (*Server).deleteIdentity},
	{"GET", segments("devices/{d}/modules"), auth.RegistryRead, (*Server).listModules},
	{"GET", segments("devices/{d}/modules/{m}"), auth.RegistryRead, (*Server).getIdentity},
	{"PUT", segments("devices/{d}/modules/{m}"), auth.RegistryWrite, (*Server).putIdentity},
	{"DELETE", segments("devices/{d}/modules/{m}"), auth.RegistryWrite, (*Server).deleteIdentity},
	{"GET", segments("twins/{d}"), auth.ServiceConnect, (*Server).getTwin},
	{"PATCH", segments("twins/{d}"), auth.ServiceConnect, (*Server).patchTwin},
	{"PUT", segments("twins/{d}"), auth.ServiceConnect, (*Server).replaceTwin},
	{"GET", segments("twins/{d}/modules/{m}"), auth.ServiceConnect, (*Server).getTwin},
	{"PATCH", segments("twins/{d}/modules/{m}"), auth.ServiceConnect, (*Server).patchTwin},
	{"PUT", segments("twins/{d}/modules/{m}"), auth.ServiceConnect, (*Server).replaceTwin},
}

func segments(path string) []string { return strings.Split(path, "/") }

// findRoute finds the route of a request. It compares the path segment by
// segment and unescapes each segment on its own, as ids may contain almost
// anything, even "%" and "..".
func findRoute(r *http.Request) (*route, registry.ID, error) {
	path := segments(strings.Trim(r.URL.EscapedPath(), "/"))
	for i, segment := range path {
		unescaped, err := url.PathUnescape(segment)
		if err != nil {
			return nil, registry.ID{}, huberror.InvalidArgument("The path is malformed.")
		}
		path[i] = unescaped
	}
	method := methodOf(r)
	known := false
	for i := range routes {
		id, fits := matchPath(routes[i].path, path)
		if fits && routes[i].method == method {
			return &routes[i], id, nil
		}
		known = known || fits
	}
	if known {
		return nil, registry.ID{}, huberror.WithStatus(http.StatusMethodNotAllowed, fmt.Sprintf("%.20s is not allowed here, or not modelled by the local hub", method))
	}
	return nil, registry.ID{}, huberror.WithStatus(http.StatusNotFound, "there is nothing at this path, or it is not modelled by the local hub")
}

// methodOf returns the effective method: the official Java SDK cannot send
// PATCH, so it sends POST with an override header.
func methodOf(r *http.Request) string {
	if override := r.Header.Get("X-HTTP-Method-Override"); r.Method == http.MethodPost && override != "" {
		return strings.ToUpper(override)
	}
	return r.Method
}

func matchPath(pattern, path []string) (id registry.ID, fits bool) {
	if len(pattern) != len(path) {
		return registry.ID{}, false
	}
	for i, segment := range path {
		switch pattern[i] {
		case "{d}":
			id.Device = segment
		case "{m}":
			id.Module = segment
		case segment:
			continue
		default:
			return registry.ID{}, false
		}
		if segment == "" {
			return registry.ID{}, false
		}
	}
	return id, true
}

// audience returns the path of the route with the ids filled in, as in the
// audience of a token.
func (r *route) audience(id registry.ID) []string {
	path := slices.Clone(r.path)
	for i, segment := range path {
		switch segment {
		case "{d}":
			path[i] = id.Device
		case "{m}":
			path[i] = id.Module
		}
	}
	return path
}
