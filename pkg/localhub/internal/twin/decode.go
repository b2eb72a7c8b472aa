package twin

import (
	"encoding/json"

	"moduletwin/pkg/localhub/internal/huberror"
	"moduletwin/pkg/localhub/internal/hubjson"
)

// DecodePatch reads a patch of a twin: tags and desired properties, in which
// null removes. Everything else is ignored, as clients may send back whole
// twins.
func DecodePatch(body []byte) (Update, error) { return decodeUpdate(body, nullsAllowed) }

// DecodeReplacement is DecodePatch for a twin that is to be replaced. There
// null has no meaning and is refused.
func DecodeReplacement(body []byte) (Update, error) { return decodeUpdate(body, nullsRefused) }

func decodeUpdate(body []byte, nulls nullRule) (u Update, err error) {
	var parts *struct {
		Tags       json.RawMessage `json:"tags"`
		Properties struct {
			Desired json.RawMessage `json:"desired"`
		} `json:"properties"`
	}
	if err := hubjson.Decode(body, &parts); err != nil {
		return u, huberror.InvalidArgument("%s", hubjson.Describe(err))
	}
	if parts == nil {
		return u, huberror.EmptyBody()
	}
	if u.HasTags = parts.Tags != nil; u.HasTags && string(parts.Tags) != "null" {
		if u.Tags, err = decodeProperties(parts.Tags, nulls); err != nil {
			return u, err
		}
	}
	if parts.Properties.Desired != nil && string(parts.Properties.Desired) != "null" {
		u.HasDesired = true
		u.Desired, err = decodeDesired(parts.Properties.Desired, nulls)
	}
	return u, err
}

// decodeDesired reads desired properties and drops what the hub itself adds to
// them.
func decodeDesired(text []byte, nulls nullRule) (map[string]any, error) {
	desired, err := decodeObject(text)
	if err != nil {
		return nil, err
	}
	delete(desired, "$metadata")
	delete(desired, "$version")
	return desired, checkObject(desired, nulls, 0)
}

// DecodeProperties reads a patch of properties alone, in which null removes.
func DecodeProperties(text []byte) (map[string]any, error) {
	return decodeProperties(text, nullsAllowed)
}

func decodeProperties(text []byte, nulls nullRule) (map[string]any, error) {
	properties, err := decodeObject(text)
	if err != nil {
		return nil, err
	}
	return properties, checkObject(properties, nulls, 0)
}

func decodeObject(text []byte) (object map[string]any, err error) {
	if err := hubjson.Decode(text, &object); err != nil || object == nil {
		return nil, huberror.InvalidArgument("Provided json is not a valid 'tags' or 'properties' object.")
	}
	return object, nil
}
