package iothub

import "encoding/json"

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
	Tags       Properties     `json:"tags,omitempty"`    // written and read by the back end only
	Properties TwinProperties `json:"properties"`
}

// TwinProperties are the two halves of a twin that the device or module
// sees: it reads Desired and writes Reported, the back end the reverse.
type TwinProperties struct {
	Desired  Properties `json:"desired"`
	Reported Properties `json:"reported"`
}

// TwinPatch is a change of a twin by the back end. To update, it is a JSON
// merge patch: properties that are not named stay, nil removes, objects are
// merged. To replace, it is the whole of both parts. What the hub itself adds,
// under "$metadata" and "$version", it ignores.
type TwinPatch struct {
	Tags    Properties // nil: no change of the tags; to replace: no tags
	Desired Properties // nil: no change of the desired properties; to replace: none
}

// MarshalJSON writes the parts that are not nil as IoT Hub wants them.
func (p TwinPatch) MarshalJSON() ([]byte, error) {
	type properties struct {
		Desired Properties `json:"desired"`
	}
	var body struct {
		Tags       Properties  `json:"tags,omitzero"`
		Properties *properties `json:"properties,omitempty"`
	}
	body.Tags = p.Tags
	if p.Desired != nil {
		body.Properties = &properties{p.Desired}
	}
	return json.Marshal(body)
}
