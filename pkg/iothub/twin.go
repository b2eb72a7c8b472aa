package iothub

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// Twin is the twin of a module, or of a device, for which ModuleID is "".
// See https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-module-twins.
type Twin struct {
	DeviceID string `json:"deviceId,omitempty"`
	ModuleID string `json:"moduleId,omitempty"`

	// ETag changes with every change of the tags and the desired properties,
	// not of the reported ones. DeviceETag is the ETag of the identity.
	ETag       string `json:"etag,omitempty"`
	DeviceETag string `json:"deviceEtag,omitempty"`

	Status                    string `json:"status,omitempty"` // "enabled" or "disabled"; a module is always enabled
	StatusReason              string `json:"statusReason,omitempty"`
	StatusUpdateTime          Time   `json:"statusUpdateTime,omitzero"`
	ConnectionState           string `json:"connectionState,omitempty"` // "Connected" or "Disconnected"
	LastActivityTime          Time   `json:"lastActivityTime,omitzero"`
	CloudToDeviceMessageCount int    `json:"cloudToDeviceMessageCount,omitempty"`
	AuthenticationType        string `json:"authenticationType,omitempty"` // "sas" for symmetric keys
	ModelID                   string `json:"modelId,omitempty"`

	Version    int64          `json:"version,omitempty"` // grows with every change of any part
	Tags       map[string]any `json:"tags,omitempty"`    // written and read by the back end only
	Properties TwinProperties `json:"properties"`
}

// TwinProperties are the two halves of a twin that the device or module
// sees: it reads Desired and writes Reported, the back end the reverse.
type TwinProperties struct {
	Desired  Properties `json:"desired"`
	Reported Properties `json:"reported"`
}

// Properties is one half of a twin, or a patch of it, as decoded JSON:
// numbers are float64, a null in a patch is nil and removes the property.
// Beside the user's properties it holds what the hub adds, "$version" and,
// on the service side, "$metadata". A nil Properties has none.
type Properties map[string]any

// Version returns "$version", which grows with every change of this half.
// It is 0 if there is none.
func (p Properties) Version() int64 {
	switch version := p["$version"].(type) {
	case float64:
		if version >= 1 && version < 1<<53 && version == math.Trunc(version) {
			return int64(version)
		}
	case int64:
		return version
	case int:
		return int64(version)
	case json.Number:
		n, _ := version.Int64()
		return n
	}
	return 0
}

// UserProperties returns the properties without those of the hub, whose
// names begin with "$". The values are shared.
func (p Properties) UserProperties() map[string]any {
	user := make(map[string]any, len(p))
	for name, value := range p {
		if name == "" || name[0] != '$' {
			user[name] = value
		}
	}
	return user
}

// String returns the properties as one line of JSON, sorted by name; nil is
// "null".
func (p Properties) String() string {
	var b strings.Builder
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false) // it is for people
	if err := out.Encode(map[string]any(p)); err != nil {
		return fmt.Sprintf("%v", map[string]any(p)) // not from JSON: a channel, say
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// TwinPatch is a change of a twin by the back end. To update, it is a JSON
// merge patch: properties that are not named stay, nil removes, objects are
// merged. To replace, it is the whole of both parts. What the hub itself adds,
// under "$metadata" and "$version", it ignores.
type TwinPatch struct {
	Tags    map[string]any // nil: no change of the tags; to replace: no tags
	Desired map[string]any // nil: no change of the desired properties; to replace: none
}

// MarshalJSON writes the parts that are not nil as IoT Hub wants them.
func (p TwinPatch) MarshalJSON() ([]byte, error) {
	type properties struct {
		Desired map[string]any `json:"desired"`
	}
	var body struct {
		Tags       map[string]any `json:"tags,omitzero"`
		Properties *properties    `json:"properties,omitempty"`
	}
	body.Tags = p.Tags
	if p.Desired != nil {
		body.Properties = &properties{p.Desired}
	}
	return json.Marshal(body)
}
