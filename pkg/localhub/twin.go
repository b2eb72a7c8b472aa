package localhub

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"moduletwin/pkg/internal/mergepatch"
)

// twin is the document that belongs to an identity. It is never changed in
// place: a change makes a new one that shares what stayed the same, so that
// who holds one can read it without a lock.
type twin struct {
	Updates  int64          `json:"updates"` // by the back end, counted from 1; the ETag
	Tags     map[string]any `json:"tags,omitempty"`
	Desired  section        `json:"desired"`
	Reported section        `json:"reported"`
}

// section is one half of a twin.
type section struct {
	Version    int64          `json:"version"` // counted from 1
	Properties map[string]any `json:"properties,omitempty"`
	Metadata   *metadata      `json:"metadata"`
}

// newTwin returns a twin as it is before anyone wrote to it. The sections of
// a device's carry the time of its creation, those of a module's "never".
func newTwin(k key, now time.Time) *twin {
	untouched := section{Version: 1, Metadata: new(metadata)}
	if k.module == "" {
		untouched.Metadata.updated = now
	}
	return &twin{Updates: 1, Desired: untouched, Reported: untouched}
}

// etag returns what If-Match is compared with. Reports do not change it.
func (t *twin) etag() string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(t.Updates)))
}

// version grows with every change of any part.
func (t *twin) version() int64 { return t.Updates + t.Reported.Version }

// twinUpdate is a change by the back end.
type twinUpdate struct {
	tags, desired       map[string]any
	hasTags, hasDesired bool // whether the part is there at all
}

// updated returns t with u merged into it.
func (t *twin) updated(u twinUpdate, now time.Time) (*twin, *refusal) {
	after := *t
	after.Updates++
	if u.hasTags {
		after.Tags = nil // "tags": null removes them all
		if u.tags != nil {
			after.Tags = mergepatch.Merge(t.Tags, u.tags)
		}
	}
	if u.hasDesired {
		after.Desired = t.Desired.merged(u.desired, now, true)
	}
	return &after, after.checkSizes()
}

// replaced returns t with the parts of u, both whole, in place of its own.
func (t *twin) replaced(u twinUpdate, now time.Time) (*twin, *refusal) {
	after := *t
	after.Updates++
	after.Tags = u.tags
	after.Desired = section{Version: t.Desired.Version}.merged(u.desired, now, true)
	return &after, after.checkSizes()
}

// reported returns t with a patch by its device or module merged into it.
func (t *twin) reported(patch map[string]any, now time.Time) (*twin, *refusal) {
	after := *t
	after.Reported = t.Reported.merged(patch, now, false)
	return &after, after.checkSizes()
}

// merged returns s with patch merged into it, and one version on. Only the
// metadata of desired properties shows versions.
func (s section) merged(patch map[string]any, now time.Time, showVersion bool) section {
	stamp := metadata{updated: now}
	if showVersion {
		stamp.version = s.Version + 1
	}
	return section{
		Version:    s.Version + 1,
		Properties: mergepatch.Merge(s.Properties, patch),
		Metadata:   s.Metadata.merged(patch, stamp),
	}
}

// replacement returns the merge patch by which a replaced section is
// announced: all of after, and a null for everything that went.
func replacement(before, after map[string]any) map[string]any {
	patch := make(map[string]any, len(after))
	for name := range before {
		patch[name] = nil
	}
	for name, value := range after {
		old, wasObject := before[name].(map[string]any)
		object, isObject := value.(map[string]any)
		if wasObject && isObject {
			value = replacement(old, object)
		}
		patch[name] = value
	}
	return patch
}
