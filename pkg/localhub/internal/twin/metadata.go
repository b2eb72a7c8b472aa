package twin

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// Metadata says when a property, an object of properties or a whole section of
// a twin was last written. It has the shape of what it describes; an array
// counts as one property. It is never modified in place.
type Metadata struct {
	stamp
	children []child // of an object, sorted by name
}

// stamp is when something was written.
type stamp struct {
	updated time.Time
	version int64 // the section's $version at that time; 0 is not shown
}

// child is a member of an object. A sorted slice of children is copied and
// encoded many times as fast as a map.
type child struct {
	name     string
	metadata *Metadata
}

func (c child) compare(name string) int { return strings.Compare(c.name, name) }

// merged returns m as it is after patch was merged into the properties that m
// describes. Everything that patch names gets the stamp of leaf, even if its
// value stays the same, and so does everything around it. leaf, which has no
// children, becomes the metadata of all properties in patch that are not
// objects.
func (m *Metadata) merged(patch map[string]any, leaf *Metadata) *Metadata {
	var before []child
	if m != nil {
		before = m.children
	}
	if len(before)+len(patch) == 0 {
		return leaf
	}
	children := make([]child, 0, len(before)+len(patch))
	for _, name := range slices.Sorted(maps.Keys(patch)) {
		i, exists := slices.BinarySearchFunc(before, name, child.compare)
		children, before = append(children, before[:i]...), before[i:]
		var old *Metadata
		if exists {
			old, before = before[0].metadata, before[1:]
		}
		if changed := old.changed(patch[name], leaf); changed != nil {
			children = append(children, child{name, changed})
		}
	}
	return &Metadata{leaf.stamp, append(children, before...)}
}

// changed returns m as it is after change was merged into the property that m
// describes, nil if that removes the property.
func (m *Metadata) changed(change any, leaf *Metadata) *Metadata {
	switch change := change.(type) {
	case nil:
		return nil
	case map[string]any:
		return m.merged(change, leaf)
	default:
		return leaf
	}
}

// UnmarshalJSON reads m in the form in which clients see it, which is also the
// form in which it is stored.
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
			metadata := new(Metadata)
			m.children = append(m.children, child{name, metadata})
			err = json.Unmarshal(text, metadata)
		}
		if err != nil {
			return err
		}
	}
	slices.SortFunc(m.children, func(a, b child) int { return a.compare(b.name) })
	return nil
}
