package registry

import (
	"moduletwin/pkg/localhub/event"
	"moduletwin/pkg/localhub/internal/twin"
)

// publish publishes an event about e. The caller holds the lock of e.
func (r *Registry) publish(e *entity, kind event.Kind) {
	if r.Events.Watched() {
		r.Events.Publish(event.Event{Kind: kind, DeviceID: e.id.Device, ModuleID: e.id.Module})
	}
}

// maxPatch is the longest JSON of a patch that is part of an event, in bytes.
// Recordings remember many events, and the limits of twins do not limit a
// patch: nulls in it count nothing.
const maxPatch = 64 << 10

// publishPatch is publish for a change of tags or properties.
func (r *Registry) publishPatch(e *entity, kind event.Kind, patch map[string]any, version int64) {
	if !r.Events.Watched() {
		return
	}
	change := event.Event{Kind: kind, DeviceID: e.id.Device, ModuleID: e.id.Module, Patch: patch, Version: version}
	if twin.JSONLength(patch) > maxPatch {
		change.Patch, change.Reason = nil, "the patch is too large to be shown"
	}
	r.Events.Publish(change)
}

// publishUpdate publishes what the back end changed in a twin.
func (r *Registry) publishUpdate(e *entity, patch twin.Update) {
	if len(patch.Tags) > 0 {
		r.publishPatch(e, event.TagsChanged, patch.Tags, 0)
	}
	if patch.HasDesired {
		r.publishPatch(e, event.DesiredChanged, patch.Desired, e.twin.Desired.Version)
	}
}

// publishNotification publishes whether a change of desired properties was
// sent; missed says why it was not, "" if it was.
func (r *Registry) publishNotification(e *entity, missed string) {
	if !r.Events.Watched() {
		return
	}
	kind := event.NotificationSent
	if missed != "" {
		kind = event.NotificationMissed
	}
	r.Events.Publish(event.Event{Kind: kind, DeviceID: e.id.Device, ModuleID: e.id.Module, Version: e.twin.Desired.Version, Reason: missed})
}
