package registry

import (
	"encoding/base64"
	mathrand "math/rand/v2"
	"strconv"
	"time"
)

// Identity is what the registry knows about a device or module. It is never
// modified in place.
type Identity struct {
	Generation    string         `json:"generation"` // distinguishes it from earlier ones with the same id
	Updates       int64          `json:"updates"`    // counted from a random number; the ETag encodes it
	Disabled      bool           `json:"disabled,omitempty"`
	StatusReason  *string        `json:"statusReason,omitempty"`
	StatusUpdated time.Time      `json:"statusUpdated,omitzero"`
	Auth          Authentication `json:"auth"`
	IoTEdge       bool           `json:"iotEdge,omitempty"`
	DeviceScope   string         `json:"deviceScope,omitempty"`
	ParentScopes  []string       `json:"parentScopes,omitempty"`
	ManagedBy     *string        `json:"managedBy,omitempty"` // of a module
}

// Authentication is how a device or module authenticates itself. The hub uses
// only symmetric keys; everything else is stored just to be read back.
type Authentication struct {
	Type                string  `json:"type"` // see TypeSAS
	Keys                Keys    `json:"keys,omitzero"`
	PrimaryThumbprint   *string `json:"primaryThumbprint,omitempty"`
	SecondaryThumbprint *string `json:"secondaryThumbprint,omitempty"`
}

// The types of authentication.
const (
	TypeSAS                  = "sas"
	TypeSelfSigned           = "selfSigned"
	TypeCertificateAuthority = "certificateAuthority"
	TypeNone                 = "none"
)

func newIdentity(now time.Time) *Identity {
	return &Identity{Generation: ticks(now), Updates: 100_000_000 + mathrand.Int64N(900_000_000)}
}

// ticks returns t as .NET counts time, in units of 100 ns since the year 1.
func ticks(t time.Time) string {
	const ticksAt1970 = 621_355_968_000_000_000
	return strconv.FormatInt(ticksAt1970+t.UnixNano()/100, 10)
}

// ETag returns the ETag that If-Match is compared with.
func (i *Identity) ETag() string {
	return base64.StdEncoding.EncodeToString(strconv.AppendInt(nil, i.Updates, 10))
}

// Status returns "enabled" or "disabled".
func (i *Identity) Status() string {
	if i.Disabled {
		return "disabled"
	}
	return "enabled"
}
