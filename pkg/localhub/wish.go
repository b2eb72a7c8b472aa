package localhub

import (
	"encoding/hex"
	"strings"
	"time"

	"moduletwin/pkg/iothub"
)

// identityWish is what the body of a PUT asks for, devices and modules in
// one. What only the hub sets is ignored, whatever stands there.
type identityWish struct {
	DeviceID       string              `json:"deviceId"`
	ModuleID       string              `json:"moduleId"`
	Status         string              `json:"status"`
	StatusReason   *string             `json:"statusReason"`
	ManagedBy      *string             `json:"managedBy"`
	Authentication *wireAuthentication `json:"authentication"`
	Capabilities   *wireCapabilities   `json:"capabilities"`
	DeviceScope    string              `json:"deviceScope"`
	ParentScopes   []string            `json:"parentScopes"`
}

func decodeIdentity(body []byte, k key) (*identityWish, *refusal) {
	var wish *identityWish
	if err := decode(body, &wish); err != nil {
		return nil, refuseArgument("%s", describe(err))
	}
	switch {
	case wish == nil:
		return nil, refuseNoBody()
	case wish.DeviceID != k.device:
		return nil, refuseArgument("deviceId '%s' of the body is not '%s' of the path.", wish.DeviceID, k.device)
	case wish.ModuleID != k.module:
		return nil, refuseArgument("moduleId '%s' of the body is not '%s' of the path.", wish.ModuleID, k.module)
	case wish.StatusReason != nil && len([]rune(*wish.StatusReason)) > 128:
		return nil, refuseArgument("statusReason should be maximum 128 characters.")
	}
	return wish, nil
}

// apply sets in i what is wished for. In an update, a status and an
// authentication that are left out, or keys that are empty, stay as they are.
func (w *identityWish) apply(i *identity, k key, now time.Time) *refusal {
	if refused := w.applyAuthentication(&i.Auth); refused != nil {
		return refused
	}
	if k.module != "" {
		i.ManagedBy = w.ManagedBy
		return nil
	}
	disabled := strings.EqualFold(w.Status, "disabled")
	if w.Status != "" && !disabled && !strings.EqualFold(w.Status, "enabled") {
		return refuseArgument("status is 'enabled' or 'disabled'.")
	}
	if w.Status != "" && disabled != i.Disabled {
		i.Disabled, i.StatusUpdated = disabled, now
	}
	i.StatusReason = w.StatusReason
	i.IoTEdge = w.Capabilities != nil && w.Capabilities.IoTEdge
	i.ParentScopes = w.ParentScopes
	i.DeviceScope = w.DeviceScope
	if i.IoTEdge {
		i.DeviceScope = "ms-azure-iot-edge://" + k.device + "-" + i.Generation
	}
	return nil
}

func (w *identityWish) applyAuthentication(a *authentication) *refusal {
	wanted := w.Authentication
	switch {
	case wanted == nil && a.Type != "": // an update
		return nil
	case wanted == nil:
		wanted = &wireAuthentication{Type: typeSAS}
	}
	switch kind := strings.ToLower(wanted.Type); kind {
	case "", typeSAS:
		return a.setKeys(wanted.SymmetricKey)
	case strings.ToLower(typeSelfSigned):
		return a.setThumbprints(wanted.X509Thumbprint)
	case strings.ToLower(typeAuthority):
		*a = authentication{Type: typeAuthority}
	case typeNone:
		*a = authentication{Type: typeNone}
	default:
		return refuseArgument("authentication.type is 'sas', 'selfSigned', 'certificateAuthority' or 'none'.")
	}
	return nil
}

// setKeys takes both keys or neither; then there are new ones, or the old
// ones stay.
func (a *authentication) setKeys(wanted wireKeys) *refusal {
	primary, refused := parseKeyText("primaryKey", wanted.PrimaryKey)
	if refused != nil {
		return refused
	}
	secondary, refused := parseKeyText("secondaryKey", wanted.SecondaryKey)
	if refused != nil {
		return refused
	}
	keys := keyPair{primary, secondary}
	switch {
	case primary.IsZero() != secondary.IsZero():
		return refuseArgument("primaryKey and secondaryKey are given both or not at all.")
	case primary.IsZero() && !a.Keys.Primary.IsZero():
		keys = a.Keys
	case primary.IsZero():
		keys = newKeyPair()
	}
	*a = authentication{Type: typeSAS, Keys: keys}
	return nil
}

// parseKeyText does not quote a key that is no good.
func parseKeyText(name string, text *string) (iothub.Key, *refusal) {
	if text == nil || *text == "" {
		return iothub.Key{}, nil
	}
	key, err := iothub.ParseKey(*text)
	if n := len(key.Bytes()); err != nil || n < 16 || n > 64 {
		return iothub.Key{}, refuseArgument("%s is not 16 to 64 bytes in base64.", name)
	}
	return key, nil
}

func (a *authentication) setThumbprints(wanted wireThumbprints) *refusal {
	for _, text := range []*string{wanted.PrimaryThumbprint, wanted.SecondaryThumbprint} {
		if text == nil || *text == "" {
			continue
		}
		if raw, err := hex.DecodeString(*text); err != nil || len(raw) != 20 && len(raw) != 32 {
			return refuseArgument("A thumbprint is 40 or 64 hexadecimal digits.")
		}
	}
	*a = authentication{Type: typeSelfSigned, PrimaryThumbprint: wanted.PrimaryThumbprint, SecondaryThumbprint: wanted.SecondaryThumbprint}
	return nil
}
