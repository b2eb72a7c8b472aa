package iothub

// Device is a device identity in the registry of a hub. What the comments
// call "set by the hub" is ignored in a create or an update.
type Device struct {
	DeviceID     string `json:"deviceId"`
	GenerationID string `json:"generationId,omitempty"` // set by the hub; tells identities apart that had the same id one after the other
	ETag         string `json:"etag,omitempty"`         // set by the hub; changes with every update

	Status                     string `json:"status,omitempty"`       // "enabled" or "disabled"; "" at creation means enabled
	StatusReason               string `json:"statusReason,omitempty"` // up to 128 characters
	StatusUpdatedTime          Time   `json:"statusUpdatedTime,omitzero"`
	ConnectionState            string `json:"connectionState,omitempty"` // set by the hub: "Connected" or "Disconnected"
	ConnectionStateUpdatedTime Time   `json:"connectionStateUpdatedTime,omitzero"`
	LastActivityTime           Time   `json:"lastActivityTime,omitzero"`
	CloudToDeviceMessageCount  int    `json:"cloudToDeviceMessageCount,omitempty"`

	Authentication Authentication `json:"authentication,omitzero"`
	Capabilities   Capabilities   `json:"capabilities,omitzero"`
	DeviceScope    string         `json:"deviceScope,omitempty"`
	ParentScopes   []string       `json:"parentScopes,omitempty"`
}

// Module is a module identity: one component of a device. Unlike a device,
// it cannot be disabled. What the comments call "set by the hub" is ignored
// in a create or an update.
type Module struct {
	DeviceID     string `json:"deviceId"`
	ModuleID     string `json:"moduleId"`
	ManagedBy    string `json:"managedBy,omitempty"`
	GenerationID string `json:"generationId,omitempty"` // set by the hub; tells identities apart that had the same id one after the other
	ETag         string `json:"etag,omitempty"`         // set by the hub; changes with every update

	ConnectionState            string `json:"connectionState,omitempty"` // set by the hub: "Connected" or "Disconnected"
	ConnectionStateUpdatedTime Time   `json:"connectionStateUpdatedTime,omitzero"`
	LastActivityTime           Time   `json:"lastActivityTime,omitzero"`
	CloudToDeviceMessageCount  int    `json:"cloudToDeviceMessageCount,omitempty"`

	Authentication Authentication `json:"authentication,omitzero"`
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

// X509Thumbprint names the certificates of an identity of type "selfSigned".
type X509Thumbprint struct {
	PrimaryThumbprint   string `json:"primaryThumbprint,omitempty"`
	SecondaryThumbprint string `json:"secondaryThumbprint,omitempty"`
}

// Capabilities of a device.
type Capabilities struct {
	IoTEdge bool `json:"iotEdge"`
}
