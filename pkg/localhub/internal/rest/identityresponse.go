package rest

import (
	"strings"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub/internal/hubjson"
	"moduletwin/pkg/localhub/internal/registry"
)

// device is a device as clients see it, with its fields in Azure's order.
type device struct {
	DeviceID                   string         `json:"deviceId"`
	GenerationID               string         `json:"generationId"`
	ETag                       string         `json:"etag"`
	ConnectionState            string         `json:"connectionState"`
	Status                     string         `json:"status"`
	StatusReason               *string        `json:"statusReason"`
	ConnectionStateUpdatedTime string         `json:"connectionStateUpdatedTime"`
	StatusUpdatedTime          string         `json:"statusUpdatedTime"`
	LastActivityTime           string         `json:"lastActivityTime"`
	CloudToDeviceMessageCount  int            `json:"cloudToDeviceMessageCount"`
	Authentication             authentication `json:"authentication"`
	Capabilities               capabilities   `json:"capabilities"`
	DeviceScope                string         `json:"deviceScope,omitempty"`
	ParentScopes               []string       `json:"parentScopes"`
}

// module is device for a module, which has no status.
type module struct {
	ModuleID                   string         `json:"moduleId"`
	ManagedBy                  *string        `json:"managedBy"`
	DeviceID                   string         `json:"deviceId"`
	GenerationID               string         `json:"generationId"`
	ETag                       string         `json:"etag"`
	ConnectionState            string         `json:"connectionState"`
	ConnectionStateUpdatedTime string         `json:"connectionStateUpdatedTime"`
	LastActivityTime           string         `json:"lastActivityTime"`
	CloudToDeviceMessageCount  int            `json:"cloudToDeviceMessageCount"`
	Authentication             authentication `json:"authentication"`
}

type authentication struct {
	SymmetricKey   keys        `json:"symmetricKey"`
	X509Thumbprint thumbprints `json:"x509Thumbprint"`
	Type           string      `json:"type"`
}

type keys struct {
	PrimaryKey   *string `json:"primaryKey"`
	SecondaryKey *string `json:"secondaryKey"`
}

type thumbprints struct {
	PrimaryThumbprint   *string `json:"primaryThumbprint"`
	SecondaryThumbprint *string `json:"secondaryThumbprint"`
}

type capabilities struct {
	IoTEdge bool `json:"iotEdge"`
}

// identityBody returns a device or module as clients see it. created is set for
// the response to a create.
func identityBody(s registry.Snapshot, created bool) any {
	if s.ID.IsModule() {
		return newModule(s, created)
	}
	return newDevice(s, created)
}

func newDevice(s registry.Snapshot, created bool) device {
	i := s.Identity
	return device{
		DeviceID:                   s.ID.Device,
		GenerationID:               i.Generation,
		ETag:                       i.ETag(),
		ConnectionState:            connectionState(s),
		Status:                     i.Status(),
		StatusReason:               i.StatusReason,
		ConnectionStateUpdatedTime: identityTime(s.ConnectionChanged, created),
		StatusUpdatedTime:          identityTime(i.StatusUpdated, created),
		LastActivityTime:           identityTime(s.LastActive, created),
		Authentication:             newAuthentication(i.Auth),
		Capabilities:               capabilities{i.IoTEdge},
		DeviceScope:                i.DeviceScope,
		ParentScopes:               append([]string{}, i.ParentScopes...),
	}
}

func newModule(s registry.Snapshot, created bool) module {
	i := s.Identity
	return module{
		ModuleID:                   s.ID.Module,
		ManagedBy:                  i.ManagedBy,
		DeviceID:                   s.ID.Device,
		GenerationID:               i.Generation,
		ETag:                       i.ETag(),
		ConnectionState:            connectionState(s),
		ConnectionStateUpdatedTime: identityTime(s.ConnectionChanged, created),
		LastActivityTime:           identityTime(s.LastActive, created),
		Authentication:             newAuthentication(i.Auth),
	}
}

func connectionState(s registry.Snapshot) string {
	if s.Connection != nil {
		return "Connected"
	}
	return "Disconnected"
}

// identityTime formats a time. In the response to a create, it writes the zero
// time, "never", without the final Z, as Azure does.
func identityTime(t time.Time, created bool) string {
	text := hubjson.FormatTime(t)
	if created && t.IsZero() {
		return strings.TrimSuffix(text, "Z")
	}
	return text
}

func newAuthentication(a registry.Authentication) authentication {
	return authentication{
		SymmetricKey:   keys{keyText(a.Keys.PrimaryKey), keyText(a.Keys.SecondaryKey)},
		X509Thumbprint: thumbprints{a.PrimaryThumbprint, a.SecondaryThumbprint},
		Type:           a.Type,
	}
}

func keyText(k iothub.Key) *string {
	if k.IsZero() {
		return nil
	}
	text := k.Reveal()
	return &text
}
