package iothub

import "log/slog"

// Device is a device identity in the registry of a hub. Fields that are "set by
// the hub" are ignored when an identity is created or updated. An update
// replaces all other fields; only status and authentication keep their values if
// they are left out.
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
	DeviceScope    string         `json:"deviceScope,omitempty"` // shared by an IoT Edge device and its children; the hub assigns it to the edge device
	ParentScopes   []string       `json:"parentScopes,omitzero"` // the scopes of the edge devices above it
}

// LogValue keeps the keys out of structured logs.
func (d Device) LogValue() slog.Value {
	return slog.GroupValue(slog.String("deviceId", d.DeviceID), slog.String("etag", d.ETag), slog.String("status", d.Status))
}

// Module is a module identity: one component of a device. Unlike a device, it
// cannot be disabled. Fields that are "set by the hub" are ignored when an
// identity is created or updated. An update replaces all other fields; only the
// authentication keeps its value if it is left out.
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

// ConnectionString returns the connection string with which the module signs in
// to the hub at hostName. It holds the primary key.
func (m Module) ConnectionString(hostName string) ConnectionString {
	return ConnectionString{
		HostName:        hostName,
		DeviceID:        m.DeviceID,
		ModuleID:        m.ModuleID,
		SharedAccessKey: m.Authentication.SymmetricKey.PrimaryKey,
	}
}

// Authentication says how a device or module authenticates to the hub. In a new
// identity, the zero value asks the hub to assign symmetric keys.
type Authentication struct {
	Type           string         `json:"type,omitempty"` // "sas", "selfSigned", "certificateAuthority" or "none"; "" at creation means sas
	SymmetricKey   SymmetricKey   `json:"symmetricKey,omitzero"`
	X509Thumbprint X509Thumbprint `json:"x509Thumbprint,omitzero"`
}

// SymmetricKey is the pair of keys of an identity. Either of them can sign: one
// can be changed while the other is in use.
type SymmetricKey struct {
	PrimaryKey   Key `json:"primaryKey,omitzero"`
	SecondaryKey Key `json:"secondaryKey,omitzero"`
}

// LogValue keeps the keys out of structured logs.
func (SymmetricKey) LogValue() slog.Value { return slog.StringValue(redacted) }

// X509Thumbprint names the certificates of an identity of type "selfSigned".
type X509Thumbprint struct {
	PrimaryThumbprint   string `json:"primaryThumbprint,omitempty"`
	SecondaryThumbprint string `json:"secondaryThumbprint,omitempty"`
}

// Capabilities are the capabilities of a device.
type Capabilities struct {
	IoTEdge bool `json:"iotEdge"`
}
