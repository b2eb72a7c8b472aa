package iotmodule

import (
	"reflect"

	"moduletwin/pkg/internal/mergepatch"
	"moduletwin/pkg/iothub"
)

// tracker follows the desired properties of a twin through notifications and
// reads, and works out what to deliver: every change once, in order, without
// a gap. It does no I/O and needs a lock around it.
//
// The hub numbers the states of the desired properties with $version. A
// notification that is one ahead of the last state is the next change. One
// that is further ahead shows that something was missed: it is held until a
// read of the twin tells what. After a lost connection only a read can tell
// whether anything was missed; changes that follow on are delivered meanwhile.
type tracker struct {
	known      bool           // whether there is a state at all
	properties map[string]any // the state after all that was delivered, without the hub's own properties
	version    int64          // of that state

	inSync    bool                        // no read is needed
	epoch     int                         // grows when a read becomes necessary: those begun before are too old
	past      map[int64]map[string]any    // the states since then, by version
	held      map[int64]iothub.Properties // notifications ahead of a gap, by version
	announced int64                       // the highest version among the notifications since then
}

// change is a patch to deliver, and the state after it, which must not be
// written to.
type change struct {
	patch iothub.Properties
	after map[string]any
}

// maxHeld limits the notifications held, and the states remembered for a read
// that is slow. Of those that do not fit, the read brings the effect.
const maxHeld = 1024

// lostTrack says that notifications may have been missed. What was held is
// dropped, since the read that is necessary now will be newer.
func (t *tracker) lostTrack() {
	t.inSync = false
	t.epoch++
	t.past = map[int64]map[string]any{t.version: t.properties}
	t.held = nil
	t.announced = 0
}

// notification takes what the hub announced and returns what to deliver now.
func (t *tracker) notification(patch iothub.Properties) (deliver []change) {
	version := patch.Version()
	switch {
	case version == 0: // it cannot be placed
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

// read takes the desired properties, read after that became necessary, and
// returns what to deliver now. Should they not settle everything, inSync stays
// false.
func (t *tracker) read(desired iothub.Properties) (deliver []change) {
	version, now := desired.Version(), desired.UserProperties()
	if then, overtaken := t.past[version]; overtaken && version < t.version {
		// Changes that were delivered meanwhile have overtaken the response. It
		// still tells whether they were changes of the state that was known: not
		// if the identity was deleted and created anew, and its count has come
		// as far as the old one.
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

// adopt puts a state in place of the one that was known. A lower version than
// before is no error: the identity was deleted and created anew, and its twin
// counts from the beginning.
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

// release applies the notifications held that follow on, and forgets those
// that are contained in the state already.
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
