package localhub

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// key names an identity: a device or, if module is set, a module of it.
type key struct{ device, module string }

// String returns the words for a log: `module "m" on device "d"`.
func (k key) String() string {
	if k.module == "" {
		return fmt.Sprintf("device %q", k.device)
	}
	return fmt.Sprintf("module %q on device %q", k.module, k.device)
}

// path returns the segments that stand for k in the audience of a token.
func (k key) path() []string {
	if k.module == "" {
		return []string{"devices", k.device}
	}
	return []string{"devices", k.device, "modules", k.module}
}

// identity is what the registry knows of a device or module. It is never
// changed in place.
type identity struct {
	Generation    string         `json:"generation"` // tells apart those that had the same id one after the other
	Updates       int64          `json:"updates"`    // counted from a random number; the ETag
	Disabled      bool           `json:"disabled,omitempty"`
	StatusReason  *string        `json:"statusReason,omitempty"`
	StatusUpdated time.Time      `json:"statusUpdated,omitzero"`
	Auth          authentication `json:"auth"`
	IoTEdge       bool           `json:"iotEdge,omitempty"`
	DeviceScope   string         `json:"deviceScope,omitempty"`
	ParentScopes  []string       `json:"parentScopes,omitempty"`
	ManagedBy     *string        `json:"managedBy,omitempty"` // of a module
}

// authentication is how an identity proves itself. Only symmetric keys are
// of use here; the rest is kept for its owner to read back.
type authentication struct {
	Type                string  `json:"type"`
	Keys                keyPair `json:"keys,omitzero"`
	PrimaryThumbprint   *string `json:"primaryThumbprint,omitempty"`
	SecondaryThumbprint *string `json:"secondaryThumbprint,omitempty"`
}

// The types of authentication.
const (
	typeSAS        = "sas"
	typeSelfSigned = "selfSigned"
	typeAuthority  = "certificateAuthority"
	typeNone       = "none"
)

func newIdentity(now time.Time) *identity {
	return &identity{Generation: ticks(now), Updates: 100_000_000 + rand.Int64N(900_000_000)}
}

// ticks returns the number of 100 ns since the year 1, as .NET counts time.
func ticks(t time.Time) string {
	const ticksAt1970 = 621_355_968_000_000_000
	return strconv.FormatInt(ticksAt1970+t.UnixNano()/100, 10)
}

func (i *identity) etag() string {
	return base64.StdEncoding.EncodeToString(strconv.AppendInt(nil, i.Updates, 10))
}

func (i *identity) status() string {
	if i.Disabled {
		return "disabled"
	}
	return "enabled"
}

// maxIDLength is the limit for device and module ids alike, in characters.
const maxIDLength = 128

// checkID reports an id that may not be given; kind is "Device" or "Module".
// See https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-identity-registry.
func checkID(kind, id string) *refusal {
	if id == "" || len(id) > maxIDLength || strings.ContainsFunc(id, isNoIDRune) {
		return refuseArgument("%s ID '%s' is invalid. It has up to %d ASCII letters, digits and characters of - : . + %% _ # * ? ! ( ) , = @ ; $ '", kind, id, maxIDLength)
	}
	return nil
}

func isNoIDRune(r rune) bool {
	isAlphanumeric := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	return !isAlphanumeric && !strings.ContainsRune("-:.+%_#*?!(),=@;$'", r)
}
