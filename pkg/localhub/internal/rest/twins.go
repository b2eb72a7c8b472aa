package rest

import (
	"net/http"

	"moduletwin/pkg/localhub/internal/registry"
	"moduletwin/pkg/localhub/internal/twin"
)

// getTwin answers with the twin of a device or module.
func (s *Server) getTwin(r *request) (*response, error) {
	snapshot, err := s.Registry.Get(r.id)
	return twinResponse(snapshot), err
}

// patchTwin merges a patch into a twin, see
// https://learn.microsoft.com/rest/api/iothub/service/modules/update-twin.
func (s *Server) patchTwin(r *request) (*response, error) {
	return s.changeTwin(r, twin.DecodePatch, s.Registry.PatchTwin)
}

// replaceTwin replaces tags and desired properties, see
// https://learn.microsoft.com/rest/api/iothub/service/modules/replace-twin.
func (s *Server) replaceTwin(r *request) (*response, error) {
	return s.changeTwin(r, twin.DecodeReplacement, s.Registry.ReplaceTwin)
}

// change is a method of the registry that changes a twin.
type change func(registry.ID, registry.Match, twin.Update) (registry.Snapshot, error)

func (s *Server) changeTwin(r *request, decode func([]byte) (twin.Update, error), apply change) (*response, error) {
	update, err := decode(r.body)
	if err != nil {
		return nil, err
	}
	match, err := s.twinMatch(r)
	if err != nil {
		return nil, err
	}
	snapshot, err := apply(r.id, match, update)
	return twinResponse(snapshot), err
}

func twinResponse(s registry.Snapshot) *response {
	if s.Twin == nil { // then there is an error
		return nil
	}
	return &response{status: http.StatusOK, body: newTwinBody(s)}
}
