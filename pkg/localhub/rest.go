package localhub

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"moduletwin/pkg/internal/wsconn"
	"moduletwin/pkg/localhub/fault"
)

// route is one call of the REST interface, as in
// https://learn.microsoft.com/rest/api/iothub/service.
type route struct {
	method string
	path   []string // {d} and {m} stand for an id
	needs  permission
	handle func(*Hub, *call) (*answer, *refusal)
}

// routes lists all calls that are modelled.
var routes = []route{
	{"GET", segments("devices"), registryRead, (*Hub).listDevices},
	{"GET", segments("devices/{d}"), registryRead, (*Hub).getIdentity},
	{"PUT", segments("devices/{d}"), registryWrite, (*Hub).putDevice},
	{"DELETE", segments("devices/{d}"), registryWrite, (*Hub).deleteIdentity},
	{"GET", segments("devices/{d}/modules"), registryRead, (*Hub).listModules},
	{"GET", segments("devices/{d}/modules/{m}"), registryRead, (*Hub).getIdentity},
	{"PUT", segments("devices/{d}/modules/{m}"), registryWrite, (*Hub).putModule},
	{"DELETE", segments("devices/{d}/modules/{m}"), registryWrite, (*Hub).deleteIdentity},
	{"GET", segments("twins/{d}"), serviceConnect, (*Hub).getTwin},
	{"PATCH", segments("twins/{d}"), serviceConnect, (*Hub).patchTwin},
	{"PUT", segments("twins/{d}"), serviceConnect, (*Hub).putTwin},
	{"GET", segments("twins/{d}/modules/{m}"), serviceConnect, (*Hub).getTwin},
	{"PATCH", segments("twins/{d}/modules/{m}"), serviceConnect, (*Hub).patchTwin},
	{"PUT", segments("twins/{d}/modules/{m}"), serviceConnect, (*Hub).putTwin},
}

func segments(path string) []string { return strings.Split(path, "/") }

// call is a request that has been let in.
type call struct {
	*http.Request
	key  key    // the ids in the path
	body []byte // of a PUT or PATCH
}

// answer is what a call has to say when it is no refusal.
type answer struct {
	status int
	etag   string // for the header, which only device identities have
	body   any    // nil for none
}

const maxBody = 1 << 20 // bytes

// serveHTTP answers one request. Every answer and every refusal is written
// and logged here.
func (h *Hub) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == wsconn.Path {
		h.serveWebSocket(w, r)
		return
	}
	how := h.faults.Next(fault.REST)
	if !playInstead(how, w, r) {
		return
	}
	request := uuid.New()
	var result *answer
	by, refused := "", instead(how)
	if refused == nil {
		result, by, refused = h.carryOut(w, r)
	}
	status, body := render(w.Header(), request, result, refused)
	if how.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(how.RetryAfter.Seconds())))
	}
	h.logRequest(r, status, by, refused)
	deliver(how, w, r, status, body)
}

// carryOut finds the call, checks that it is allowed and carries it out.
func (h *Hub) carryOut(w http.ResponseWriter, r *http.Request) (result *answer, by string, refused *refusal) {
	route, k, refused := findRoute(r)
	if refused != nil {
		return nil, "", refused
	}
	by, err := h.authorize(r.Header.Get("Authorization"), route.needs, k.pathIn(route.path)...)
	if err != nil {
		return nil, by, refuseUnauthorized(err)
	}
	if version := r.URL.Query().Get("api-version"); !isVersion(version) {
		return nil, by, refuseVersion(version)
	}
	c := &call{Request: r, key: k}
	if r.Method != http.MethodGet && r.Method != http.MethodDelete {
		if c.body, refused = readBody(w, r); refused != nil {
			return nil, by, refused
		}
	}
	result, refused = route.handle(h, c)
	return result, by, refused
}

// findRoute matches the path segment by segment, each of them unescaped by
// itself: ids contain nearly anything, "%" and ".." included.
func findRoute(r *http.Request) (*route, key, *refusal) {
	path := segments(strings.Trim(r.URL.EscapedPath(), "/"))
	for i, segment := range path {
		unescaped, err := url.PathUnescape(segment)
		if err != nil {
			return nil, key{}, refuseArgument("The path is malformed.")
		}
		path[i] = unescaped
	}
	method := r.Method
	if override := r.Header.Get("X-HTTP-Method-Override"); method == http.MethodPost && override != "" {
		method = strings.ToUpper(override) // the official Java SDK cannot send PATCH
	}
	known := false
	for i := range routes {
		k, fits := match(routes[i].path, path)
		if fits && routes[i].method == method {
			return &routes[i], k, nil
		}
		known = known || fits
	}
	if known {
		return nil, key{}, refuseStatusAs(http.StatusMethodNotAllowed, fmt.Sprintf("%s is not possible here, or not modelled by the local hub", method))
	}
	return nil, key{}, refuseStatusAs(http.StatusNotFound, "there is nothing at this path, or it is not modelled by the local hub")
}

func match(pattern, path []string) (k key, fits bool) {
	if len(pattern) != len(path) {
		return key{}, false
	}
	for i, segment := range path {
		switch pattern[i] {
		case "{d}":
			k.device = segment
		case "{m}":
			k.module = segment
		case segment:
			continue
		default:
			return key{}, false
		}
		if segment == "" {
			return key{}, false
		}
	}
	return k, true
}

// pathIn returns pattern with the ids of k, as the audience of a token names
// a path.
func (k key) pathIn(pattern []string) []string {
	path := slices.Clone(pattern)
	for i, segment := range path {
		switch segment {
		case "{d}":
			path[i] = k.device
		case "{m}":
			path[i] = k.module
		}
	}
	return path
}

var versionForm = regexp.MustCompile(`^20[0-9]{2}-[01][0-9]-[0-3][0-9](-preview)?$`)

// isVersion accepts all that look like an api-version.
func isVersion(version string) bool { return versionForm.MatchString(version) }

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *refusal) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, refuseStatusAs(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", maxBody))
	}
	if err != nil {
		return nil, refuseArgument("The body cannot be read.")
	}
	if len(strings.TrimSpace(string(body))) == 0 {
		return nil, refuseNoBody()
	}
	return body, nil
}
