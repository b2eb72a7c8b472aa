package localhub

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// wireTwin is a twin as the back end sees it, its fields in Azure's order.
type wireTwin struct {
	DeviceID                  string            `json:"deviceId"`
	ModuleID                  string            `json:"moduleId,omitempty"`
	ETag                      string            `json:"etag"`
	DeviceETag                string            `json:"deviceEtag"` // of the identity, a module's included
	Status                    string            `json:"status"`
	StatusReason              *string           `json:"statusReason,omitempty"`
	StatusUpdateTime          string            `json:"statusUpdateTime"`
	ConnectionState           string            `json:"connectionState"`
	LastActivityTime          string            `json:"lastActivityTime"`
	CloudToDeviceMessageCount int               `json:"cloudToDeviceMessageCount"`
	AuthenticationType        string            `json:"authenticationType"`
	X509Thumbprint            wireThumbprints   `json:"x509Thumbprint"`
	ModelID                   *string           `json:"modelId,omitempty"`
	Version                   int64             `json:"version"`
	Tags                      map[string]any    `json:"tags,omitempty"`
	Properties                wireProperties    `json:"properties"`
	Capabilities              *wireCapabilities `json:"capabilities,omitempty"`
	DeviceScope               string            `json:"deviceScope,omitempty"`
	ParentScopes              []string          `json:"parentScopes,omitempty"`
}

type wireProperties struct {
	Desired  wireSection `json:"desired"`
	Reported wireSection `json:"reported"`
}

// wireSection is a section with metadata and version.
type wireSection section

// MarshalJSON has the user's properties first, then what the hub adds.
func (s wireSection) MarshalJSON() ([]byte, error) {
	return encodeSection(s.Properties, s.Metadata, s.Version), nil
}

// wireTwin returns the twin of e. The lock of e is held; the result can be
// encoded without it.
func (e *entity) wireTwin() wireTwin {
	i, t := e.identity, e.twin
	w := wireTwin{
		DeviceID:           e.key.device,
		ModuleID:           e.key.module,
		ETag:               t.etag(),
		DeviceETag:         i.etag(),
		Status:             i.status(),
		StatusReason:       i.StatusReason,
		StatusUpdateTime:   formatTime(i.StatusUpdated),
		ConnectionState:    e.connectionState(),
		LastActivityTime:   formatTime(e.lastActive),
		AuthenticationType: i.Auth.Type,
		X509Thumbprint:     i.Auth.wire().X509Thumbprint,
		Version:            t.version(),
		Tags:               t.Tags,
		Properties:         wireProperties{wireSection(t.Desired), wireSection(t.Reported)},
	}
	if e.key.module == "" {
		w.ModelID = new(string)
		w.Capabilities = &wireCapabilities{i.IoTEdge}
		w.DeviceScope, w.ParentScopes = i.DeviceScope, i.ParentScopes
	}
	return w
}

// getTwin answers with the twin of a device or module.
func (h *Hub) getTwin(c *call) (*answer, *refusal) {
	e, missing := h.registry.find(c.key)
	if missing != nil {
		return nil, missing
	}
	defer e.mu.Unlock()
	return &answer{status: http.StatusOK, body: e.wireTwin()}, nil
}

// patchTwin merges, see
// https://learn.microsoft.com/rest/api/iothub/service/modules/update-twin.
func (h *Hub) patchTwin(c *call) (*answer, *refusal) {
	update, refused := decodeTwinUpdate(c.body, true)
	if refused != nil {
		return nil, refused
	}
	return h.changeTwin(c.key, parseIfMatch(c.Header), func(e *entity, now time.Time) (*twin, map[string]any, *refusal) {
		after, refused := e.twin.updated(update, now)
		if !update.hasDesired {
			return after, nil, refused
		}
		return after, update.desired, refused
	})
}

// putTwin replaces tags and desired properties. A part that the body leaves
// out is empty afterwards.
func (h *Hub) putTwin(c *call) (*answer, *refusal) {
	update, refused := decodeTwinUpdate(c.body, false)
	if refused != nil {
		return nil, refused
	}
	return h.changeTwin(c.key, parseIfMatch(c.Header), func(e *entity, now time.Time) (*twin, map[string]any, *refusal) {
		after, refused := e.twin.replaced(update, now)
		return after, replacement(e.twin.Desired.Properties, update.desired), refused
	})
}

// changeTwin changes a twin and announces the change, if change returns one
// to announce: a merge patch that is not nil.
func (h *Hub) changeTwin(k key, condition ifMatch, change func(*entity, time.Time) (*twin, map[string]any, *refusal)) (*answer, *refusal) {
	e, missing := h.registry.find(k)
	if missing != nil {
		return nil, missing
	}
	defer e.mu.Unlock()
	if !condition.allowsTwin(e.twin.etag()) {
		return nil, refusePrecondition(fmt.Sprintf("ETag mismatch for device ID '%s'", k.device))
	}
	after, patch, refused := change(e, time.Now())
	if refused != nil {
		return nil, refused
	}
	if refused := h.registry.setTwin(e, after); refused != nil {
		return nil, refused
	}
	if patch != nil {
		e.notify(patch, after.Desired.Version)
	}
	return &answer{status: http.StatusOK, body: e.wireTwin()}, nil
}

// decodeTwinUpdate reads tags and desired properties and ignores all else
// that clients may send along: they send back whole twins. nulls says whether
// values may be null.
func decodeTwinUpdate(body []byte, nulls bool) (u twinUpdate, refused *refusal) {
	var wish *struct {
		Tags       json.RawMessage `json:"tags"`
		Properties struct {
			Desired json.RawMessage `json:"desired"`
		} `json:"properties"`
	}
	if err := decode(body, &wish); err != nil {
		return u, refuseArgument("%s", describe(err))
	}
	if wish == nil {
		return u, refuseNoBody()
	}
	if u.hasTags = wish.Tags != nil; u.hasTags && string(wish.Tags) != "null" {
		if u.tags, refused = decodeProperties(wish.Tags, nulls); refused != nil {
			return u, refused
		}
	}
	if wish.Properties.Desired != nil && string(wish.Properties.Desired) != "null" {
		u.hasDesired = true
		u.desired, refused = decodeDesired(wish.Properties.Desired, nulls)
	}
	return u, refused
}

// decodeDesired drops what the hub itself adds.
func decodeDesired(text []byte, nulls bool) (map[string]any, *refusal) {
	desired, refused := decodeObject(text)
	if refused != nil {
		return nil, refused
	}
	delete(desired, "$metadata")
	delete(desired, "$version")
	return desired, checkProperties(desired, nulls)
}

// decodeProperties reads a JSON object of tags or properties.
func decodeProperties(text []byte, nulls bool) (map[string]any, *refusal) {
	properties, refused := decodeObject(text)
	if refused != nil {
		return nil, refused
	}
	return properties, checkProperties(properties, nulls)
}

func decodeObject(text []byte) (object map[string]any, refused *refusal) {
	if err := decode(text, &object); err != nil || object == nil {
		return nil, refuseArgument("Provided json is not a valid 'tags' or 'properties' object.")
	}
	return object, nil
}
