package registry

import (
	"fmt"
	"time"

	"moduletwin/pkg/localhub/internal/huberror"
	"moduletwin/pkg/localhub/internal/twin"
)

// PatchTwin merges a change by the back end into a twin, and announces new
// desired properties to the device or module.
func (r *Registry) PatchTwin(id ID, match Match, u twin.Update) (Snapshot, error) {
	return r.changeTwin(id, match, func(before *twin.Twin, now time.Time) (*twin.Twin, map[string]any, error) {
		after, err := before.Patched(u, now)
		if !u.HasDesired {
			return after, nil, err
		}
		return after, u.Desired, err
	})
}

// ReplaceTwin puts tags and desired properties in place of those of a twin. A
// part that u leaves out is empty afterwards.
func (r *Registry) ReplaceTwin(id ID, match Match, u twin.Update) (Snapshot, error) {
	return r.changeTwin(id, match, func(before *twin.Twin, now time.Time) (*twin.Twin, map[string]any, error) {
		after, err := before.Replaced(u, now)
		return after, twin.Replacement(before.Desired.Properties, u.Desired), err
	})
}

// changeTwin stores a changed twin and announces the change, if change returns
// one to announce: a merge patch that is not nil.
func (r *Registry) changeTwin(id ID, match Match, change func(*twin.Twin, time.Time) (*twin.Twin, map[string]any, error)) (Snapshot, error) {
	e, err := r.find(id)
	if err != nil {
		return Snapshot{}, err
	}
	defer e.mu.Unlock()
	if !match.Allows(e.twin.ETag()) {
		return Snapshot{}, huberror.PreconditionFailed(fmt.Sprintf("ETag mismatch for device ID '%s'", id.Device))
	}
	after, patch, err := change(e.twin, time.Now())
	if err != nil {
		return Snapshot{}, err
	}
	if err := r.save(record{bucketTwins, id, after}); err != nil {
		return Snapshot{}, err
	}
	e.twin = after
	if c := e.connected(); c != nil && patch != nil {
		c.Notify(e.subscriptions, patch, after.Desired.Version)
	}
	return e.snapshot(), nil
}
