package iotmodule

import (
	"reflect"

	"moduletwin/pkg/internal/mergepatch"
	"moduletwin/pkg/iothub"
)

// tracker follows the desired properties of a twin through notifications and
// reads, and works out what to deliver: every change once, in order, without a
// gap. It does no I/O, and its caller has to hold a lock.
//
// The hub numbers the states of the desired properties with $version. If the
// version of a notification is one higher than that of the current state, it is
// the next change. If it is higher than that, a change was missed, and the
// notification is held until the twin has been read. After a lost connection,
// only a read can show whether a change was missed; until then, changes that
// follow the current state are delivered.
type tracker struct {
	known      bool           // whether there is a state at all
	properties map[string]any // the state after all delivered changes, without the properties of the hub
	version    int64          // the version of that state

	inSync    bool                        // whether no read is needed
	epoch     int                         // increases when a read becomes necessary: reads begun earlier are too old
	past      map[int64]map[string]any    // the states since then, by version
	held      map[int64]iothub.Properties // the notifications after a gap, by version
	announced int64                       // the highest version of the notifications since then
}

// change is a patch to deliver and the state after it, which must not be
// written to.
type change struct {
	patch iothub.Properties
	after map[string]any
}

// maxHeld limits how many notifications are held, and how many states are kept
// during a slow read. The read shows the effect of all others.
const maxHeld = 1024

// lostTrack records that notifications may have been missed. Those that were
// held are dropped, since the read that is necessary now will be newer.
func (t *tracker) lostTrack() {
	t.inSync = false
	t.epoch++
	t.past = map[int64]map[string]any{t.version: t.properties}
	t.held = nil
	t.announced = 0
}

// notification takes a notification of the hub and returns the changes to
// deliver now.
func (t *tracker) notification(patch iothub.Properties) (deliver []change) {
	version := patch.Version()
	switch {
	case version == 0: // without a version, its place is unknown
		t.lostTrack()
		return nil
	case t.inSync && version <= t.version: // a duplicate
		return nil
	case t.known && version == t.version+1 && len(t.past) < maxHeld:
		return append([]change{t.apply(patch)}, t.release()...)
	}
	if t.inSync {
		t.lostTrack()
	}
	t.hold(patch, version)
	return nil
}

func (t *tracker) hold(patch iothub.Properties, version int64) {
	if t.held == nil {
		t.held = make(map[int64]iothub.Properties)
	}
	if len(t.held) < maxHeld {
		t.held[version] = patch
	}
	t.announced = max(t.announced, version)
}

// read takes the desired properties from a read that began after it became
// necessary, and returns the changes to deliver now. If another read is needed,
// inSync stays false.
func (t *tracker) read(desired iothub.Properties) (deliver []change) {
	version, now := desired.Version(), desired.UserProperties()
	if then, overtaken := t.past[version]; overtaken && version < t.version {
		// Changes that were delivered in the meantime have overtaken the
		// response. It still shows whether they belong to the known state. They
		// do not if the identity was deleted and created anew and its version
		// has reached the old one.
		if !reflect.DeepEqual(then, now) {
			return nil
		}
	} else {
		deliver = t.adopt(now, version)
	}
	deliver = append(deliver, t.release()...)
	t.inSync = t.announced <= t.version
	if t.inSync {
		t.past = nil
	}
	return deliver
}

// adopt replaces the known state. A version that is lower than before is not an
// error: the identity was deleted and created anew, and the versions of its
// twin start again.
func (t *tracker) adopt(now map[string]any, version int64) (deliver []change) {
	before := t.properties
	t.properties, t.version = mergepatch.Merge(nil, now), version
	t.past = map[int64]map[string]any{version: t.properties}
	if missed := iothub.Properties(mergepatch.Diff(before, now)); t.known && len(missed) > 0 {
		missed["$version"] = float64(version)
		deliver = append(deliver, change{missed, t.properties})
	}
	t.known = true
	return deliver
}

// release applies the held notifications that follow the current state, and
// drops those that the state already contains.
func (t *tracker) release() (deliver []change) {
	for next, found := t.held[t.version+1]; found; next, found = t.held[t.version+1] {
		deliver = append(deliver, t.apply(next))
	}
	for version := range t.held {
		if version <= t.version {
			delete(t.held, version)
		}
	}
	return deliver
}

func (t *tracker) apply(patch iothub.Properties) change {
	t.properties = mergepatch.Merge(t.properties, patch.UserProperties())
	t.version = patch.Version()
	if t.past != nil {
		t.past[t.version] = t.properties
		t.announced = max(t.announced, t.version)
	}
	return change{patch, t.properties}
}
