package twin

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"moduletwin/pkg/localhub/internal/hubjson"
)

// Metadata says when a property, an object of properties or a whole section
// of a twin was last written. It has the shape of what it describes; an array
// counts as one property. It is never changed in place.
type Metadata struct {
	updated  time.Time
	version  int64                // the section's $version then; 0 is not shown
	children map[string]*Metadata // of an object
}

// merged returns m as it is after patch was merged into the properties it
// describes. Everything that the patch names gets the new stamp, even where
// the value stayed the same, and so does everything around it.
func (m *Metadata) merged(patch map[string]any, stamp Metadata) *Metadata {
	after := stamp
	after.children = make(map[string]*Metadata)
	if m != nil {
		maps.Copy(after.children, m.children)
	}
	for name, change := range patch {
		switch change := change.(type) {
		case nil:
			delete(after.children, name)
		case map[string]any:
			after.children[name] = after.children[name].merged(change, stamp)
		default:
			leaf := stamp
			after.children[name] = &leaf
		}
	}
	return &after
}

// append writes m as JSON to b.
func (m *Metadata) append(b []byte) []byte {
	b = append(b, `{"$lastUpdated":"`...)
	b = m.updated.UTC().AppendFormat(b, hubjson.TimeLayout)
	b = append(b, '"')
	if m.version > 0 {
		b = append(b, `,"$lastUpdatedVersion":`...)
		b = strconv.AppendInt(b, m.version, 10)
	}
	for _, name := range slices.Sorted(maps.Keys(m.children)) {
		b = append(b, ',')
		b = appendName(b, name)
		b = append(b, ':')
		b = m.children[name].append(b)
	}
	return append(b, '}')
}

// appendName writes name as a JSON string. Nearly all names of properties
// need no escaping.
func appendName(b []byte, name string) []byte {
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		return append(b, hubjson.Encode(name)...)
	}
	b = append(b, '"')
	b = append(b, name...)
	return append(b, '"')
}

// MarshalJSON returns the form in which clients see it, which is also the
// one that is kept.
func (m *Metadata) MarshalJSON() ([]byte, error) { return m.append(nil), nil }

// UnmarshalJSON is the inverse of MarshalJSON.
func (m *Metadata) UnmarshalJSON(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	*m = Metadata{}
	for name, text := range members {
		var err error
		switch {
		case name == "$lastUpdated":
			err = json.Unmarshal(text, &m.updated)
		case name == "$lastUpdatedVersion":
			err = json.Unmarshal(text, &m.version)
		case !strings.HasPrefix(name, "$"):
			child := new(Metadata)
			if m.children == nil {
				m.children = make(map[string]*Metadata)
			}
			m.children[name], err = child, json.Unmarshal(text, child)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
