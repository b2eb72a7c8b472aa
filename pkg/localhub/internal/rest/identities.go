package rest

import (
	"net/http"
	"strconv"

	"moduletwin/pkg/localhub/internal/registry"
)

const maxListed = 1000 // devices in one response

// getIdentity answers GET for a device or a module.
func (s *Server) getIdentity(r *request) (*response, error) {
	snapshot, err := s.Registry.Get(r.id)
	return identityResponse(snapshot, false), err
}

// listDevices answers with up to "top" devices.
func (s *Server) listDevices(r *request) (*response, error) {
	top, err := strconv.Atoi(r.URL.Query().Get("top"))
	if err != nil || top < 1 || top > maxListed {
		top = maxListed
	}
	return listResponse(s.Registry.Devices(top)), nil
}

// listModules answers with all modules of a device.
func (s *Server) listModules(r *request) (*response, error) {
	modules, err := s.Registry.Modules(r.id.Device)
	return listResponse(modules), err
}

// putIdentity creates or, with an If-Match, updates a device or module.
func (s *Server) putIdentity(r *request) (*response, error) {
	settings, err := decodeSettings(r.body, r.id)
	if err != nil {
		return nil, err
	}
	match, err := identityMatch(r.Header)
	if err != nil {
		return nil, err
	}
	if len(match) > 0 {
		snapshot, err := s.Registry.Update(r.id, match, settings)
		return identityResponse(snapshot, false), err
	}
	snapshot, err := s.Registry.Create(r.id, settings)
	return identityResponse(snapshot, true), err
}

func (s *Server) deleteIdentity(r *request) (*response, error) {
	match, err := identityMatch(r.Header)
	if err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, s.Registry.Delete(r.id, match)
}

// identityResponse returns the response to a get or an update or, if created is
// set, to a create. It returns nil for the zero Snapshot, which comes with an
// error. Only the response with a device also has an ETag header.
func identityResponse(s registry.Snapshot, created bool) *response {
	if s.Identity == nil {
		return nil
	}
	r := &response{status: http.StatusOK, body: identityBody(s, created)}
	if !s.ID.IsModule() {
		r.etag = s.Identity.ETag()
	}
	return r
}

func listResponse(snapshots []registry.Snapshot) *response {
	list := []any{} // not nil: in JSON it must be [], not null
	for _, s := range snapshots {
		list = append(list, identityBody(s, false))
	}
	return &response{status: http.StatusOK, body: list}
}
