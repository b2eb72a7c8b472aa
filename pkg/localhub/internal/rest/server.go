// Package rest serves the REST interface of an IoT hub: the identity registry
// and twins, as in https://learn.microsoft.com/rest/api/iothub/service. It
// translates requests into operations of the registry, and their results into
// statuses, bodies and headers.
package rest

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"moduletwin/pkg/localhub/event"
	"moduletwin/pkg/localhub/fault"
	"moduletwin/pkg/localhub/internal/auth"
	"moduletwin/pkg/localhub/internal/faults"
	"moduletwin/pkg/localhub/internal/huberror"
	"moduletwin/pkg/localhub/internal/network"
	"moduletwin/pkg/localhub/internal/registry"
)

// Server answers requests. All its fields must be set. The context of every
// request must hold the connection that the request came over, see package
// network.
type Server struct {
	Registry      *registry.Registry
	Auth          *auth.Auth
	Faults        *faults.Queue
	Events        *event.Stream
	Log           *slog.Logger
	Authenticated func(*network.Conn) // called when an authorized request has come over this connection
}

// request is a request that has been authorized.
type request struct {
	*http.Request
	id   registry.ID // in the path
	body []byte      // of a PUT or PATCH
}

// response is the response to a request that was not refused.
type response struct {
	status int
	etag   string // for the ETag header, which only device identities have
	body   any    // nil for none
}

const maxBody = 1 << 20 // bytes

// ServeHTTP answers one request. Every response is written and logged here.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	failure := s.Faults.Next(fault.REST, nil)
	if !injectBefore(failure, w, r) {
		return
	}
	requestID := uuid.New()
	var response *response
	var sender sender
	err := refusalOf(failure)
	if err == nil {
		response, err = s.carryOut(w, r, &sender)
	}
	status, body := render(w.Header(), requestID, response, err)
	addRetryAfter(failure, w.Header())
	s.logRequest(r, status, sender.policy, err)
	s.publishRequest(r, status, sender, err)
	deliver(failure, w, r, status, body)
}

// sender is what is known about the sender of a request, and about the identity
// that the request concerns.
type sender struct {
	policy string      // "" if unknown
	id     registry.ID // in the path; zero if there is none
}

// carryOut finds the route, checks the authorization and carries the request
// out. It sets the fields of from as soon as they are known.
func (s *Server) carryOut(w http.ResponseWriter, r *http.Request, from *sender) (*response, error) {
	route, id, err := findRoute(r)
	if err != nil {
		return nil, err
	}
	from.id = id
	from.policy, err = s.Auth.CheckHeader(r.Header.Get("Authorization"), route.needs, route.audience(id)...)
	if err != nil {
		return nil, huberror.Unauthorized(err)
	}
	s.Authenticated(network.FromContext(r.Context()))
	if version := r.URL.Query().Get("api-version"); !isVersion(version) {
		return nil, huberror.APIVersion(version)
	}
	req := &request{Request: r, id: id}
	if route.method == http.MethodPut || route.method == http.MethodPatch { // not r.Method, which may be POST instead
		if req.body, err = readBody(w, r); err != nil {
			return nil, err
		}
	}
	return route.handle(s, req)
}

var versionForm = regexp.MustCompile(`^20[0-9]{2}-[01][0-9]-[0-3][0-9](-preview)?$`)

// isVersion accepts everything that looks like an api-version.
func isVersion(version string) bool { return versionForm.MatchString(version) }

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if exceeded := (*http.MaxBytesError)(nil); errors.As(err, &exceeded) {
		return nil, tooLarge(maxBody)
	}
	if err != nil {
		return nil, huberror.InvalidArgument("The body cannot be read.")
	}
	if len(strings.TrimSpace(string(body))) == 0 {
		return nil, huberror.EmptyBody()
	}
	return body, nil
}

// tooLarge refuses a body of more than limit bytes.
func tooLarge(limit int) error {
	return huberror.WithStatus(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", limit))
}

func (s *Server) logRequest(r *http.Request, status int, policy string, err error) {
	if !s.Log.Enabled(r.Context(), slog.LevelWarn) {
		return // nobody reads it
	}
	line := fmt.Sprintf("%.20s %s: %d", r.Method, shortPath(r), status)
	if err != nil {
		refused := huberror.From(err)
		s.Log.Warn(line+" "+refused.Code, "reason", fmt.Sprintf("%.600s", refused.Error()))
		return
	}
	s.Log.Info(line, "by", policy)
}

// shortPath returns the path of r for the log and events. Anybody may send a
// long one.
func shortPath(r *http.Request) string { return fmt.Sprintf("%.600s", r.URL.EscapedPath()) }

// publishRequest publishes as an event what logRequest logs.
func (s *Server) publishRequest(r *http.Request, status int, from sender, err error) {
	if !s.Events.Watched() {
		return
	}
	e := event.Event{
		Kind:       event.Request,
		By:         from.policy,
		RemoteAddr: r.RemoteAddr,
		Method:     r.Method,
		Path:       shortPath(r),
		Status:     status,
	}
	if !from.id.TooLong() {
		e.DeviceID, e.ModuleID = from.id.Device, from.id.Module
	}
	if err != nil {
		e.Kind, e.Reason = event.RequestRefused, huberror.From(err).Error()
	}
	s.Events.Publish(e)
}
