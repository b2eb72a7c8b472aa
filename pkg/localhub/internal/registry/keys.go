package registry

import (
	"crypto/rand"
	"encoding/json"
	"fmt"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub/internal/hubjson"
)

// Keys are a pair of keys to be stored. Package iothub hides keys in all JSON;
// this type writes them.
type Keys struct{ iothub.SymmetricKey }

// MarshalJSON writes the keys in base64, under the names that package iothub
// reads.
func (k Keys) MarshalJSON() ([]byte, error) {
	return hubjson.Encode(struct {
		PrimaryKey   string `json:"primaryKey,omitempty"`
		SecondaryKey string `json:"secondaryKey,omitempty"`
	}{k.PrimaryKey.Reveal(), k.SecondaryKey.Reveal()}), nil
}

// newKeys generates keys as long as those that Azure generates.
func newKeys() Keys {
	return Keys{iothub.SymmetricKey{PrimaryKey: newKey(), SecondaryKey: newKey()}}
}

func newKey() iothub.Key {
	key := make([]byte, 32)
	rand.Read(key) // never fails
	return iothub.NewKey(key)
}

// recordPolicyKeys is the name of the record in bucketHub that holds the keys
// of policies.
const recordPolicyKeys = "policies"

// PolicyKeys returns the keys of the named policies. Keys that are missing,
// which at first all are, are generated and stored.
func (r *Registry) PolicyKeys(names []string) (map[string]iothub.SymmetricKey, error) {
	kept, err := r.keptPolicyKeys()
	if err != nil {
		return nil, fmt.Errorf("keys of policies: %w", err)
	}
	keys, missing := make(map[string]iothub.SymmetricKey), false
	for _, name := range names {
		if kept[name].PrimaryKey.IsZero() {
			kept[name], missing = newKeys(), true
		}
		keys[name] = kept[name].SymmetricKey
	}
	if !missing {
		return keys, nil
	}
	return keys, r.Keep(map[string][]byte{recordPolicyKeys: hubjson.Encode(kept)})
}

func (r *Registry) keptPolicyKeys() (map[string]Keys, error) {
	keys := make(map[string]Keys)
	kept, err := r.Kept(recordPolicyKeys)
	if err != nil || kept[recordPolicyKeys] == nil {
		return keys, err
	}
	return keys, json.Unmarshal(kept[recordPolicyKeys], &keys)
}
