package rest

import (
	"moduletwin/pkg/localhub/internal/hubjson"
	"moduletwin/pkg/localhub/internal/registry"
	"moduletwin/pkg/localhub/internal/twin"
)

// twinBody is a twin as the back end sees it, with its fields in Azure's order.
type twinBody struct {
	DeviceID                  string         `json:"deviceId"`
	ModuleID                  string         `json:"moduleId,omitempty"`
	ETag                      string         `json:"etag"`
	DeviceETag                string         `json:"deviceEtag"` // of the identity, for a module as well
	Status                    string         `json:"status"`
	StatusReason              *string        `json:"statusReason,omitempty"`
	StatusUpdateTime          string         `json:"statusUpdateTime"`
	ConnectionState           string         `json:"connectionState"`
	LastActivityTime          string         `json:"lastActivityTime"`
	CloudToDeviceMessageCount int            `json:"cloudToDeviceMessageCount"`
	AuthenticationType        string         `json:"authenticationType"`
	X509Thumbprint            thumbprints    `json:"x509Thumbprint"`
	ModelID                   *string        `json:"modelId,omitempty"`
	Version                   int64          `json:"version"`
	Tags                      map[string]any `json:"tags,omitempty"`
	Properties                properties     `json:"properties"`
	Capabilities              *capabilities  `json:"capabilities,omitempty"`
	DeviceScope               string         `json:"deviceScope,omitempty"`
	ParentScopes              []string       `json:"parentScopes,omitempty"`
}

type properties struct {
	Desired  section `json:"desired"`
	Reported section `json:"reported"`
}

// section is a section of a twin that is encoded with its metadata and version.
type section twin.Section

// MarshalJSON writes the user's properties first, then what the hub adds.
func (s section) MarshalJSON() ([]byte, error) {
	return twin.EncodeSection(s.Properties, s.Metadata, s.Version), nil
}

// EncodeTwin returns the twin in s as the back end sees it.
func EncodeTwin(s registry.Snapshot) []byte { return hubjson.Encode(newTwinBody(s)) }

func newTwinBody(s registry.Snapshot) twinBody {
	i, t := s.Identity, s.Twin
	body := twinBody{
		DeviceID:           s.ID.Device,
		ModuleID:           s.ID.Module,
		ETag:               t.ETag(),
		DeviceETag:         i.ETag(),
		Status:             i.Status(),
		StatusReason:       i.StatusReason,
		StatusUpdateTime:   hubjson.FormatTime(i.StatusUpdated),
		ConnectionState:    connectionState(s),
		LastActivityTime:   hubjson.FormatTime(s.LastActive),
		AuthenticationType: i.Auth.Type,
		X509Thumbprint:     newAuthentication(i.Auth).X509Thumbprint,
		Version:            t.Version(),
		Tags:               t.Tags,
		Properties:         properties{section(t.Desired), section(t.Reported)},
	}
	if !s.ID.IsModule() {
		body.ModelID = new(string)
		body.Capabilities = &capabilities{i.IoTEdge}
		body.DeviceScope, body.ParentScopes = i.DeviceScope, i.ParentScopes
	}
	return body
}
