// Package twin is the document that belongs to a device or module: tags,
// desired and reported properties, with versions and metadata, and what may
// stand in them. It knows no connection, no protocol and no lock. See
// https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-module-twins.
package twin

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"moduletwin/pkg/internal/mergepatch"
)

// Twin is never changed in place: a change makes a new one that shares what
// stayed the same, so that who holds one can read it without a lock.
type Twin struct {
	Updates  int64          `json:"updates"` // by the back end, counted from 1; the ETag
	Tags     map[string]any `json:"tags,omitempty"`
	Desired  Section        `json:"desired"`
	Reported Section        `json:"reported"`
}

// Section is the desired or the reported properties.
type Section struct {
	Version    int64          `json:"version"` // counted from 1
	Properties map[string]any `json:"properties,omitempty"`
	Metadata   *Metadata      `json:"metadata"`
}

// New returns a twin as it is before anyone wrote to it. created is the time
// that its sections carry; those of a module carry the zero time, "never".
func New(created time.Time) *Twin {
	untouched := Section{Version: 1, Metadata: &Metadata{stamp: stamp{updated: created}}}
	return &Twin{Updates: 1, Desired: untouched, Reported: untouched}
}

// ETag returns what If-Match is compared with. Reports do not change it.
func (t *Twin) ETag() string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(t.Updates)))
}

// Version grows with every change of any part.
func (t *Twin) Version() int64 { return t.Updates + t.Reported.Version }

// Update is a change by the back end.
type Update struct {
	Tags, Desired       map[string]any
	HasTags, HasDesired bool // whether the part is there at all
}

// Patched returns t with u merged into it.
func (t *Twin) Patched(u Update, now time.Time) (*Twin, error) {
	after := *t
	after.Updates++
	if u.HasTags {
		after.Tags = nil // "tags": null removes them all
		if u.Tags != nil {
			after.Tags = mergepatch.Merge(t.Tags, u.Tags)
		}
	}
	if u.HasDesired {
		after.Desired = t.Desired.merged(u.Desired, now, true)
	}
	return &after, after.checkSizes(t)
}

// Replaced returns t with the parts of u, both whole, in place of its own.
func (t *Twin) Replaced(u Update, now time.Time) (*Twin, error) {
	after := *t
	after.Updates++
	after.Tags = u.Tags
	after.Desired = Section{Version: t.Desired.Version}.merged(u.Desired, now, true)
	return &after, after.checkSizes(t)
}

// WithReport returns t with a patch by its device or module merged into the
// reported properties.
func (t *Twin) WithReport(patch map[string]any, now time.Time) (*Twin, error) {
	after := *t
	after.Reported = t.Reported.merged(patch, now, false)
	return &after, after.checkSizes(t)
}

// merged returns s with patch merged into it, and one version on. Only the
// metadata of desired properties shows versions.
func (s Section) merged(patch map[string]any, now time.Time, showVersion bool) Section {
	leaf := &Metadata{stamp: stamp{updated: now}}
	if showVersion {
		leaf.version = s.Version + 1
	}
	return Section{
		Version:    s.Version + 1,
		Properties: mergepatch.Merge(s.Properties, patch),
		Metadata:   s.Metadata.merged(patch, leaf),
	}
}

// Replacement returns the merge patch by which a replaced section is
// announced: all of after, and a null for everything that went.
func Replacement(before, after map[string]any) map[string]any {
	patch := make(map[string]any, len(after))
	for name := range before {
		patch[name] = nil
	}
	for name, value := range after {
		old, wasObject := before[name].(map[string]any)
		object, isObject := value.(map[string]any)
		if wasObject && isObject {
			value = Replacement(old, object)
		}
		patch[name] = value
	}
	return patch
}
