package registry

import (
	"encoding/hex"
	"strings"
	"time"

	"moduletwin/pkg/localhub/internal/huberror"
)

// Settings are what a create or an update asks for. In a create, what is left
// out gets a default. In an update, a status, an authentication and keys that
// are left out stay as they are, and every other field that is left out is
// cleared.
type Settings struct {
	Status         string // "enabled" or "disabled"; modules have none
	StatusReason   *string
	ManagedBy      *string         // of a module
	Authentication *Authentication // either both of its keys are given or neither
	IoTEdge        bool
	DeviceScope    string
	ParentScopes   []string
}

// apply applies the settings to i.
func (s Settings) apply(i *Identity, id ID, now time.Time) error {
	if err := s.applyAuthentication(&i.Auth); err != nil {
		return err
	}
	if id.IsModule() {
		i.ManagedBy = s.ManagedBy
		return nil
	}
	disabled := strings.EqualFold(s.Status, "disabled")
	if s.Status != "" && !disabled && !strings.EqualFold(s.Status, "enabled") {
		return huberror.InvalidArgument("status has to be 'enabled' or 'disabled'.")
	}
	if s.Status != "" && disabled != i.Disabled {
		i.Disabled, i.StatusUpdated = disabled, now
	}
	i.StatusReason = s.StatusReason
	i.IoTEdge = s.IoTEdge
	i.ParentScopes = s.ParentScopes
	i.DeviceScope = s.DeviceScope
	if i.IoTEdge {
		i.DeviceScope = "ms-azure-iot-edge://" + id.Device + "-" + i.Generation
	}
	return nil
}

func (s Settings) applyAuthentication(a *Authentication) error {
	wanted := s.Authentication
	switch {
	case wanted == nil && a.Type != "": // an update that leaves it out
		return nil
	case wanted == nil:
		wanted = new(Authentication)
	}
	switch strings.ToLower(wanted.Type) {
	case "", TypeSAS:
		return a.setKeys(wanted)
	case strings.ToLower(TypeSelfSigned):
		return a.setThumbprints(wanted)
	case strings.ToLower(TypeCertificateAuthority):
		*a = Authentication{Type: TypeCertificateAuthority}
	case TypeNone:
		*a = Authentication{Type: TypeNone}
	default:
		return huberror.InvalidArgument("authentication.type has to be 'sas', 'selfSigned', 'certificateAuthority' or 'none'.")
	}
	return nil
}

// setKeys sets both keys. If neither is given, the old keys stay or, if there
// are none, new ones are generated.
func (a *Authentication) setKeys(wanted *Authentication) error {
	keys := wanted.Keys
	switch {
	case keys.PrimaryKey.IsZero() != keys.SecondaryKey.IsZero():
		return huberror.InvalidArgument("primaryKey and secondaryKey have to be given both or not at all.")
	case keys.PrimaryKey.IsZero() && !a.Keys.PrimaryKey.IsZero():
		keys = a.Keys
	case keys.PrimaryKey.IsZero():
		keys = newKeys()
	}
	*a = Authentication{Type: TypeSAS, Keys: keys}
	return nil
}

func (a *Authentication) setThumbprints(wanted *Authentication) error {
	for _, text := range []*string{wanted.PrimaryThumbprint, wanted.SecondaryThumbprint} {
		if text == nil || *text == "" {
			continue
		}
		if raw, err := hex.DecodeString(*text); err != nil || len(raw) != 20 && len(raw) != 32 {
			return huberror.InvalidArgument("A thumbprint has to have 40 or 64 hexadecimal digits.")
		}
	}
	*a = Authentication{Type: TypeSelfSigned, PrimaryThumbprint: wanted.PrimaryThumbprint, SecondaryThumbprint: wanted.SecondaryThumbprint}
	return nil
}
