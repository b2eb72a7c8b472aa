package localhub

import (
	"net/http"
	"strings"
	"time"

	"moduletwin/pkg/iothub"
)

// wireDevice is a device as clients see it, its fields in Azure's order.
type wireDevice struct {
	DeviceID                   string             `json:"deviceId"`
	GenerationID               string             `json:"generationId"`
	ETag                       string             `json:"etag"`
	ConnectionState            string             `json:"connectionState"`
	Status                     string             `json:"status"`
	StatusReason               *string            `json:"statusReason"`
	ConnectionStateUpdatedTime string             `json:"connectionStateUpdatedTime"`
	StatusUpdatedTime          string             `json:"statusUpdatedTime"`
	LastActivityTime           string             `json:"lastActivityTime"`
	CloudToDeviceMessageCount  int                `json:"cloudToDeviceMessageCount"`
	Authentication             wireAuthentication `json:"authentication"`
	Capabilities               wireCapabilities   `json:"capabilities"`
	DeviceScope                string             `json:"deviceScope,omitempty"`
	ParentScopes               []string           `json:"parentScopes"`
}

// wireModule is wireDevice for a module, which has no status.
type wireModule struct {
	ModuleID                   string             `json:"moduleId"`
	ManagedBy                  *string            `json:"managedBy"`
	DeviceID                   string             `json:"deviceId"`
	GenerationID               string             `json:"generationId"`
	ETag                       string             `json:"etag"`
	ConnectionState            string             `json:"connectionState"`
	ConnectionStateUpdatedTime string             `json:"connectionStateUpdatedTime"`
	LastActivityTime           string             `json:"lastActivityTime"`
	CloudToDeviceMessageCount  int                `json:"cloudToDeviceMessageCount"`
	Authentication             wireAuthentication `json:"authentication"`
}

type wireAuthentication struct {
	SymmetricKey   wireKeys        `json:"symmetricKey"`
	X509Thumbprint wireThumbprints `json:"x509Thumbprint"`
	Type           string          `json:"type"`
}

type wireKeys struct {
	PrimaryKey   *string `json:"primaryKey"`
	SecondaryKey *string `json:"secondaryKey"`
}

type wireThumbprints struct {
	PrimaryThumbprint   *string `json:"primaryThumbprint"`
	SecondaryThumbprint *string `json:"secondaryThumbprint"`
}

type wireCapabilities struct {
	IoTEdge bool `json:"iotEdge"`
}

// identityAnswer is the answer to a get or a put. Only a device has its etag
// in the header, too. The lock of e is held.
func (e *entity) identityAnswer(created bool) *answer {
	a := &answer{status: http.StatusOK, body: e.wireIdentity(created)}
	if e.key.module == "" {
		a.etag = e.identity.etag()
	}
	return a
}

func (e *entity) wireIdentity(created bool) any {
	if e.key.module != "" {
		return e.wireModule(created)
	}
	return e.wireDevice(created)
}

func (e *entity) wireDevice(created bool) wireDevice {
	i := e.identity
	return wireDevice{
		DeviceID:                   e.key.device,
		GenerationID:               i.Generation,
		ETag:                       i.etag(),
		ConnectionState:            e.connectionState(),
		Status:                     i.status(),
		StatusReason:               i.StatusReason,
		ConnectionStateUpdatedTime: identityTime(e.linkChanged, created),
		StatusUpdatedTime:          identityTime(i.StatusUpdated, created),
		LastActivityTime:           identityTime(e.lastActive, created),
		Authentication:             i.Auth.wire(),
		Capabilities:               wireCapabilities{i.IoTEdge},
		DeviceScope:                i.DeviceScope,
		ParentScopes:               append([]string{}, i.ParentScopes...),
	}
}

func (e *entity) wireModule(created bool) wireModule {
	i := e.identity
	return wireModule{
		ModuleID:                   e.key.module,
		ManagedBy:                  i.ManagedBy,
		DeviceID:                   e.key.device,
		GenerationID:               i.Generation,
		ETag:                       i.etag(),
		ConnectionState:            e.connectionState(),
		ConnectionStateUpdatedTime: identityTime(e.linkChanged, created),
		LastActivityTime:           identityTime(e.lastActive, created),
		Authentication:             i.Auth.wire(),
	}
}

func (e *entity) connectionState() string {
	if e.connected() != nil {
		return "Connected"
	}
	return "Disconnected"
}

// identityTime writes "never" without the closing Z in the answer to a
// create, as Azure does.
func identityTime(t time.Time, created bool) string {
	text := formatTime(t)
	if created && t.IsZero() {
		return strings.TrimSuffix(text, "Z")
	}
	return text
}

func (a authentication) wire() wireAuthentication {
	return wireAuthentication{
		SymmetricKey:   wireKeys{keyText(a.Keys.Primary), keyText(a.Keys.Secondary)},
		X509Thumbprint: wireThumbprints{a.PrimaryThumbprint, a.SecondaryThumbprint},
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
