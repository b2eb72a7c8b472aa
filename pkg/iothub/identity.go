package iothub

import "log/slog"

// Device is a device identity in the registry of a hub. What the comments
// call "set by the hub" is ignored in a create or an update. An update puts
// all the rest in place of what was there; only a status, keys and scopes that
// are left out stay as they are.
type Device struct {
	DeviceID     string `json:"deviceId"`
	GenerationID string `json:"generationId,omitempty"` // set by the hub; tells identities apart that had the same id one after the other
	ETag         string `json:"etag,omitempty"`         // set by the hub; changes with every update

	Status                     string `json:"status,omitempty"`                    // "enabled" or "disabled"; "" at creation means enabled
	StatusReason               string `json:"statusReason,omitempty"`              // up to 128 characters
	StatusUpdatedTime          Time   `json:"statusUpdatedTime,omitzero"`          // set by the hub
	ConnectionState            string `json:"connectionState,omitempty"`           // set by the hub: "Connected" or "Disconnected"
	ConnectionStateUpdatedTime Time   `json:"connectionStateUpdatedTime,omitzero"` // set by the hub
	LastActivityTime           Time   `json:"lastActivityTime,omitzero"`           // set by the hub
	CloudToDeviceMessageCount  int    `json:"cloudToDeviceMessageCount,omitempty"` // set by the hub

	Authentication Authentication `json:"authentication,omitzero"`
	Capabilities   Capabilities   `json:"capabilities,omitzero"`
	DeviceScope    string         `json:"deviceScope,omitempty"`  // of an IoT Edge device and its children; an edge device gets it from the hub
	ParentScopes   []string       `json:"parentScopes,omitempty"` // the scopes of the edge devices above it; nil: as they are
}

// LogValue keeps the keys out of structured logs.
func (d Device) LogValue() slog.Value {
	return slog.GroupValue(slog.String("deviceId", d.DeviceID), slog.String("etag", d.ETag), slog.String("status", d.Status))
}

// Module is a module identity: one component of a device. Unlike a device,
// it cannot be disabled. What the comments call "set by the hub" is ignored
// in a create or an update. An update puts the rest in place of what was
// there; only keys that are left out stay as they are.
type Module struct {
	DeviceID     string `json:"deviceId"`
	ModuleID     string `json:"moduleId"`
	ManagedBy    string `json:"managedBy,omitempty"`    // "IotEdge" for the modules of an IoT Edge device; "" for none
	GenerationID string `json:"generationId,omitempty"` // set by the hub; tells identities apart that had the same id one after the other
	ETag         string `json:"etag,omitempty"`         // set by the hub; changes with every update

	ConnectionState            string `json:"connectionState,omitempty"`           // set by the hub: "Connected" or "Disconnected"
	ConnectionStateUpdatedTime Time   `json:"connectionStateUpdatedTime,omitzero"` // set by the hub
	LastActivityTime           Time   `json:"lastActivityTime,omitzero"`           // set by the hub
	CloudToDeviceMessageCount  int    `json:"cloudToDeviceMessageCount,omitempty"` // set by the hub

	Authentication Authentication `json:"authentication,omitzero"`
}

// LogValue keeps the keys out of structured logs.
func (m Module) LogValue() slog.Value {
	return slog.GroupValue(slog.String("deviceId", m.DeviceID), slog.String("moduleId", m.ModuleID), slog.String("etag", m.ETag))
}

// ConnectionString returns the string with which the module signs in to the
// hub named hostName, with its primary key.
func (m Module) ConnectionString(hostName string) ConnectionString {
	return ConnectionString{
		HostName:        hostName,
		DeviceID:        m.DeviceID,
		ModuleID:        m.ModuleID,
		SharedAccessKey: m.Authentication.SymmetricKey.PrimaryKey,
	}
}

// Authentication is how an identity proves itself to the hub. The zero value
// asks the hub, at creation, to assign symmetric keys.
type Authentication struct {
	Type           string         `json:"type,omitempty"` // "sas", "selfSigned", "certificateAuthority" or "none"; "" at creation means sas
	SymmetricKey   SymmetricKey   `json:"symmetricKey,omitzero"`
	X509Thumbprint X509Thumbprint `json:"x509Thumbprint,omitzero"`
}

// SymmetricKey is the pair of keys of an identity. Either signs; having two
// lets one be changed while the other is in use.
type SymmetricKey struct {
	PrimaryKey   Key `json:"primaryKey,omitzero"`
	SecondaryKey Key `json:"secondaryKey,omitzero"`
}

// LogValue keeps the keys out of structured logs, in which package json would
// write them.
func (SymmetricKey) LogValue() slog.Value { return slog.StringValue(redacted) }

// X509Thumbprint names the certificates of an identity of type "selfSigned".
type X509Thumbprint struct {
	PrimaryThumbprint   string `json:"primaryThumbprint,omitempty"`
	SecondaryThumbprint string `json:"secondaryThumbprint,omitempty"`
}

// Capabilities of a device.
type Capabilities struct {
	IoTEdge bool `json:"iotEdge"`
}
