package twin

import (
	"encoding/json"

	"moduletwin/pkg/localhub/internal/huberror"
	"moduletwin/pkg/localhub/internal/hubjson"
)

// DecodeUpdate reads tags and desired properties and ignores all else that
// clients may send along: they send back whole twins. nulls says whether
// values may be null: they remove in a patch, and mean nothing in a
// replacement.
func DecodeUpdate(body []byte, nulls bool) (u Update, err error) {
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
		if u.Tags, err = DecodeProperties(parts.Tags, nulls); err != nil {
			return u, err
		}
	}
	if parts.Properties.Desired != nil && string(parts.Properties.Desired) != "null" {
		u.HasDesired = true
		u.Desired, err = decodeDesired(parts.Properties.Desired, nulls)
	}
	return u, err
}

// decodeDesired drops what the hub itself adds.
func decodeDesired(text []byte, nulls bool) (map[string]any, error) {
	desired, err := decodeObject(text)
	if err != nil {
		return nil, err
	}
	delete(desired, "$metadata")
	delete(desired, "$version")
	return desired, checkProperties(desired, nulls)
}

// DecodeProperties reads a JSON object of tags or properties. nulls is as in
// [DecodeUpdate].
func DecodeProperties(text []byte, nulls bool) (map[string]any, error) {
	properties, err := decodeObject(text)
	if err != nil {
		return nil, err
	}
	return properties, checkProperties(properties, nulls)
}

func decodeObject(text []byte) (object map[string]any, err error) {
	if err := hubjson.Decode(text, &object); err != nil || object == nil {
		return nil, huberror.InvalidArgument("Provided json is not a valid 'tags' or 'properties' object.")
	}
	return object, nil
}
