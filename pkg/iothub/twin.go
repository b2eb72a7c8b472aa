package iothub

import "encoding/json"

// Twin is the twin of a module, or of a device, for which ModuleID is "".
// See https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-module-twins.
type Twin struct {
	DeviceID string `json:"deviceId,omitempty"`
	ModuleID string `json:"moduleId,omitempty"`

	// ETag changes whenever tags or desired properties change, but not when
	// reported properties do. DeviceETag is the ETag of the identity.
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

	Version    int64          `json:"version,omitempty"` // increases with every change of the twin
	Tags       Properties     `json:"tags,omitempty"`    // only the back end sees them
	Properties TwinProperties `json:"properties"`
}

// TwinProperties are the two halves of a twin. The back end writes Desired and
// reads Reported; the device or module reads Desired and writes Reported.
type TwinProperties struct {
	Desired  Properties `json:"desired"`
	Reported Properties `json:"reported"`
}

// TwinPatch is a change of a twin by the back end. In an update, it is a JSON
// merge patch: properties that it does not name stay, nil removes a property,
// objects are merged. In a replacement, it is the whole of both parts. The hub
// ignores "$metadata" and "$version" in it.
type TwinPatch struct {
	Tags    Properties // nil leaves the tags unchanged; in a replacement, it removes them
	Desired Properties // nil leaves the desired properties unchanged; in a replacement, it removes them
}

// MarshalJSON writes the parts that are not nil, in the form that IoT Hub
// expects.
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
