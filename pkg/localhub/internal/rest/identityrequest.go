package rest

import (
	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub/internal/huberror"
	"moduletwin/pkg/localhub/internal/hubjson"
	"moduletwin/pkg/localhub/internal/registry"
)

// identityRequest is the body of a PUT, for devices and modules alike. Fields
// that only the hub sets are ignored, whatever their values.
type identityRequest struct {
	DeviceID       string          `json:"deviceId"`
	ModuleID       string          `json:"moduleId"`
	Status         string          `json:"status"`
	StatusReason   *string         `json:"statusReason"`
	ManagedBy      *string         `json:"managedBy"`
	Authentication *authentication `json:"authentication"`
	Capabilities   *capabilities   `json:"capabilities"`
	DeviceScope    string          `json:"deviceScope"`
	ParentScopes   []string        `json:"parentScopes"`
}

const (
	maxStatusReason = 128      // characters
	maxIdentity     = 16 << 10 // bytes of JSON; Azure's limit is not documented, and no client needs that many
)

// decodeSettings reads the settings that a PUT asks for.
func decodeSettings(body []byte, id registry.ID) (registry.Settings, error) {
	if len(body) > maxIdentity {
		return registry.Settings{}, tooLarge(maxIdentity)
	}
	var wanted *identityRequest
	if err := hubjson.Decode(body, &wanted); err != nil {
		return registry.Settings{}, huberror.InvalidArgument("%s", hubjson.Describe(err))
	}
	if wanted == nil {
		return registry.Settings{}, huberror.EmptyBody()
	}
	if err := wanted.check(id); err != nil {
		return registry.Settings{}, err
	}
	settings := registry.Settings{
		Status:       wanted.Status,
		StatusReason: wanted.StatusReason,
		ManagedBy:    wanted.ManagedBy,
		IoTEdge:      wanted.Capabilities != nil && wanted.Capabilities.IoTEdge,
		DeviceScope:  wanted.DeviceScope,
		ParentScopes: wanted.ParentScopes,
	}
	if wanted.Authentication == nil {
		return settings, nil
	}
	var err error
	settings.Authentication, err = wanted.Authentication.settings()
	return settings, err
}

func (r *identityRequest) check(id registry.ID) error {
	switch {
	case r.DeviceID != id.Device:
		return huberror.InvalidArgument("deviceId '%s' in the body does not match '%s' in the path.", r.DeviceID, id.Device)
	case r.ModuleID != id.Module:
		return huberror.InvalidArgument("moduleId '%s' in the body does not match '%s' in the path.", r.ModuleID, id.Module)
	case r.StatusReason != nil && len([]rune(*r.StatusReason)) > maxStatusReason:
		return huberror.InvalidArgument("statusReason should be maximum %d characters.", maxStatusReason)
	}
	return nil
}

func (a *authentication) settings() (*registry.Authentication, error) {
	primary, err := parseKey("primaryKey", a.SymmetricKey.PrimaryKey)
	if err != nil {
		return nil, err
	}
	secondary, err := parseKey("secondaryKey", a.SymmetricKey.SecondaryKey)
	if err != nil {
		return nil, err
	}
	return &registry.Authentication{
		Type:                a.Type,
		Keys:                registry.Keys{SymmetricKey: iothub.SymmetricKey{PrimaryKey: primary, SecondaryKey: secondary}},
		PrimaryThumbprint:   a.X509Thumbprint.PrimaryThumbprint,
		SecondaryThumbprint: a.X509Thumbprint.SecondaryThumbprint,
	}, nil
}

// The limits for the length of keys, in bytes. Package iothub checks keys as
// well; the hub has rules of its own, so that it can detect mistakes there.
const (
	minKey = 16
	maxKey = 64
)

// parseKey parses a key. Its errors do not quote the key, which is secret.
func parseKey(name string, text *string) (iothub.Key, error) {
	if text == nil || *text == "" {
		return iothub.Key{}, nil
	}
	key, err := iothub.ParseKey(*text)
	if n := len(key.Bytes()); err != nil || n < minKey || n > maxKey {
		return iothub.Key{}, huberror.InvalidArgument("%s is not %d to %d bytes in base64.", name, minKey, maxKey)
	}
	return key, nil
}
