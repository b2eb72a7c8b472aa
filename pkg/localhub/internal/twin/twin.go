// Package twin implements the document that belongs to a device or module:
// tags, desired and reported properties, with versions and metadata, and the
// rules for what they may contain. It has nothing to do with connections,
// protocols or locks. See
// https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-module-twins.
package twin

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"moduletwin/pkg/internal/mergepatch"
)

// Twin is the twin of a device or module. It is never modified in place: a
// change makes a new one that shares what stayed the same, so a Twin can be
// read without a lock.
type Twin struct {
	Updates  int64          `json:"updates"` // by the back end, counted from 1; the ETag encodes it
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

// New returns a twin that nobody has written to yet. created is the time at
// which its sections count as last updated; for a module, it is the zero time,
// "never".
func New(created time.Time) *Twin {
	untouched := Section{Version: 1, Metadata: &Metadata{stamp: stamp{updated: created}}}
	return &Twin{Updates: 1, Desired: untouched, Reported: untouched}
}

// ETag returns the ETag that If-Match is compared with. Reports do not change
// it.
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

// Replaced returns t with its tags and desired properties replaced by those of
// u.
func (t *Twin) Replaced(u Update, now time.Time) (*Twin, error) {
	after := *t
	after.Updates++
	after.Tags = u.Tags
	after.Desired = Section{Version: t.Desired.Version}.merged(u.Desired, now, true)
	return &after, after.checkSizes(t)
}

// WithReport returns t with patch, which its device or module has sent, merged
// into the reported properties.
func (t *Twin) WithReport(patch map[string]any, now time.Time) (*Twin, error) {
	after := *t
	after.Reported = t.Reported.merged(patch, now, false)
	return &after, after.checkSizes(t)
}

// merged returns s with patch merged into it and its version raised by one.
// showVersion says whether the metadata includes the version, which only that
// of desired properties does.
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

// Replacement returns the merge patch that announces a replaced section: all of
// after, and a null for everything that was removed.
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
