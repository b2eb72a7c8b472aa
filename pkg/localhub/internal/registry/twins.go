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
	return r.changeTwin(id, match, func(before *twin.Twin, now time.Time) (*twin.Twin, twin.Update, error) {
		after, err := before.Patched(u, now)
		patch := u
		if u.HasTags && u.Tags == nil {
			patch.Tags = twin.Replacement(before.Tags, nil)
		}
		return after, patch, err
	})
}

// ReplaceTwin replaces the tags and desired properties of a twin. A part that u
// leaves out is empty afterwards.
func (r *Registry) ReplaceTwin(id ID, match Match, u twin.Update) (Snapshot, error) {
	return r.changeTwin(id, match, func(before *twin.Twin, now time.Time) (*twin.Twin, twin.Update, error) {
		after, err := before.Replaced(u, now)
		return after, twin.Update{
			Tags:       twin.Replacement(before.Tags, u.Tags),
			Desired:    twin.Replacement(before.Desired.Properties, u.Desired),
			HasDesired: true,
		}, err
	})
}

// changeTwin stores a changed twin and announces the change. change returns the
// twin and, for the announcement, the same change as merge patches.
func (r *Registry) changeTwin(id ID, match Match, change func(*twin.Twin, time.Time) (*twin.Twin, twin.Update, error)) (Snapshot, error) {
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
	r.publishUpdate(e, patch)
	if patch.HasDesired {
		r.publishNotification(e, e.notify(patch.Desired))
	}
	return e.snapshot(), nil
}

// notify announces a change of the desired properties to the device or module.
// missed says why that was not possible, "" if it was. The caller holds the
// lock of e.
func (e *entity) notify(patch map[string]any) (missed string) {
	c := e.connected()
	if c == nil {
		return "it is not connected"
	}
	return c.Notify(e.subscriptions, patch, e.twin.Desired.Version)
}
