package iotmodule

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"moduletwin/pkg/internal/mergepatch"
	"moduletwin/pkg/iothub"
)

// Each row is what happens to a tracker at version 3 with the state
// {"a":1,"b":{"c":1}}, and what it delivers.
func TestTracker(t *testing.T) {
	type step struct {
		lost   bool   // the connection was lost
		notify string // a notification came
		read   string // the twin was read
		want   string // what is delivered, one line each
		inSync bool
	}
	tests := []struct {
		name  string
		steps []step
	}{
		{"the next change", []step{
			{notify: `{"a":2,"$version":4}`, want: `{"$version":4,"a":2}`, inSync: true},
		}},
		{"a duplicate", []step{
			{notify: `{"a":1,"$version":3}`, inSync: true},
			{notify: `{"a":2,"$version":4}`, want: `{"$version":4,"a":2}`, inSync: true},
			{notify: `{"a":2,"$version":4}`, inSync: true},
		}},
		{"a gap, filled by a read", []step{
			{notify: `{"a":3,"$version":5}`},
			{read: `{"a":3,"$version":5}`, want: `{"$version":5,"a":3,"b":null}`, inSync: true},
		}},
		{"a gap, filled by the change that came late", []step{
			{notify: `{"a":3,"$version":5}`},
			{notify: `{"b":null,"$version":4}`, want: `{"$version":4,"b":null}` + "\n" + `{"$version":5,"a":3}`},
			{read: `{"a":3,"$version":5}`, inSync: true},
		}},
		{"a read that is older than what is held", []step{
			{notify: `{"a":5,"$version":6}`},
			{notify: `{"a":4,"$version":5}`},
			{read: `{"a":3,"b":{"c":1},"$version":4}`, inSync: true,
				want: `{"$version":4,"a":3}` + "\n" + `{"$version":5,"a":4}` + "\n" + `{"$version":6,"a":5}`},
		}},
		{"a read that leaves a gap", []step{
			{notify: `{"a":5,"$version":6}`},
			{read: `{"a":3,"b":{"c":1},"$version":4}`, want: `{"$version":4,"a":3}`},
			{read: `{"a":5,"b":{"c":1},"$version":6}`, want: `{"$version":6,"a":5}`, inSync: true},
		}},
		{"nothing missed while offline", []step{
			{lost: true},
			{read: `{"a":1,"b":{"c":1},"$version":3}`, inSync: true},
		}},
		{"changed and changed back while offline", []step{
			{lost: true},
			{read: `{"a":1,"b":{"c":1},"$version":5}`, inSync: true},
			{notify: `{"a":2,"$version":6}`, want: `{"$version":6,"a":2}`, inSync: true},
		}},
		{"set, removed and changed in depth while offline", []step{
			{lost: true},
			{read: `{"b":{"c":2},"d":[1],"$version":6}`, want: `{"$version":6,"a":null,"b":{"c":2},"d":[1]}`, inSync: true},
		}},
		{"live changes flow while the read is under way", []step{
			{lost: true},
			{notify: `{"a":2,"$version":4}`, want: `{"$version":4,"a":2}`},
			{notify: `{"a":3,"$version":5}`, want: `{"$version":5,"a":3}`},
			{read: `{"a":2,"b":{"c":1},"$version":4}`, inSync: true}, // overtaken
			{notify: `{"a":4,"$version":6}`, want: `{"$version":6,"a":4}`, inSync: true},
		}},
		{"live changes behind a gap wait for the read", []step{
			{lost: true},
			{notify: `{"a":3,"$version":5}`},
			{read: `{"a":2,"$version":4}`, want: `{"$version":4,"a":2,"b":null}` + "\n" + `{"$version":5,"a":3}`, inSync: true},
		}},
		{"what was held before the connection was lost is contained in the read", []step{
			{notify: `{"a":3,"$version":5}`},
			{lost: true},
			{read: `{"a":9,"b":{"c":1},"$version":5}`, want: `{"$version":5,"a":9}`, inSync: true},
		}},
		{"deleted and created anew", []step{
			{lost: true},
			{read: `{"$version":1}`, want: `{"$version":1,"a":null,"b":null}`, inSync: true},
			{notify: `{"a":1,"$version":2}`, want: `{"$version":2,"a":1}`, inSync: true},
		}},
		{"deleted and created anew, changed before the read", []step{
			{lost: true},
			{notify: `{"x":1,"$version":2}`},
			{read: `{"x":1,"$version":2}`, want: `{"$version":2,"a":null,"b":null,"x":1}`, inSync: true},
		}},
		{"deleted and created anew, with the same version", []step{
			{lost: true},
			{read: `{"x":1,"$version":3}`, want: `{"$version":3,"a":null,"b":null,"x":1}`, inSync: true},
		}},
		{"deleted and created anew, and the response overtaken by the next change", []step{
			{lost: true},
			{notify: `{"x":2,"$version":4}`, want: `{"$version":4,"x":2}`}, // it could be the next version
			{read: `{"x":1,"$version":3}`},                                 // it is not: read again
			{read: `{"x":2,"$version":4}`, want: `{"$version":4,"a":null,"b":null}`, inSync: true},
		}},
		{"garbage", []step{
			{notify: `{}`},
			{read: `{"a":2,"b":{"c":1},"$version":4}`, want: `{"$version":4,"a":2}`, inSync: true},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tracker := newTrackerAt(t, `{"a":1,"b":{"c":1},"$version":3}`)
			for i, step := range test.steps {
				var delivered []change
				switch {
				case step.lost:
					tracker.lostTrack()
				case step.notify != "":
					delivered = tracker.notification(properties(t, step.notify))
				default:
					delivered = tracker.read(properties(t, step.read))
				}
				if got := lines(delivered); got != step.want {
					t.Errorf("step %d delivered:\n%s\nwant:\n%s", i, got, step.want)
				}
				if tracker.inSync != step.inSync {
					t.Errorf("step %d: inSync = %v, want %v", i, tracker.inSync, step.inSync)
				}
			}
		})
	}
}

// A notification before the first read is either older than the read or follows
// it.
func TestTrackerBegins(t *testing.T) {
	var tracker tracker
	for _, early := range []string{`{"a":1,"$version":2}`, `{"a":3,"$version":4}`} {
		if got := tracker.notification(properties(t, early)); got != nil {
			t.Errorf("before the first read, %s was delivered", lines(got))
		}
	}
	got := lines(tracker.read(properties(t, `{"a":2,"$version":3}`)))
	if want := `{"$version":4,"a":3}`; got != want || !tracker.inSync {
		t.Errorf("the first read delivered %s, in sync: %v; want %s", got, tracker.inSync, want)
	}
}

func TestTrackerHoldsNoMoreThanItsLimit(t *testing.T) {
	tracker := newTrackerAt(t, `{"$version":1}`)
	const last = maxHeld + 500
	tracker.lostTrack()
	for version := 2; version <= last; version++ {
		tracker.notification(iothub.Properties{"n": float64(version), "$version": float64(version)})
	}
	if len(tracker.past) > maxHeld || tracker.version >= last {
		t.Errorf("%d states are remembered, the limit is %d", len(tracker.past), maxHeld)
	}
	tracker = newTrackerAt(t, `{"$version":1}`)
	for version := 3; version <= last; version++ { // 2 is missing
		tracker.notification(iothub.Properties{"n": float64(version), "$version": float64(version)})
	}
	if len(tracker.held) != maxHeld {
		t.Errorf("%d notifications are held, the limit is %d", len(tracker.held), maxHeld)
	}
	tracker.read(iothub.Properties{"n": float64(2), "$version": float64(2)})
	if tracker.inSync {
		t.Error("the tracker is in sync, although notifications that did not fit are missing")
	}
	tracker.read(iothub.Properties{"n": float64(last), "$version": float64(last)})
	if !tracker.inSync || tracker.version != last {
		t.Errorf("in sync: %v, at version %d, want %d", tracker.inSync, tracker.version, last)
	}
}

// newTrackerAt returns a tracker that has read the given state.
func newTrackerAt(t *testing.T, desired string) tracker {
	var tracker tracker
	tracker.read(properties(t, desired))
	return tracker
}

// A reader that applies what a tracker delivers has the hub's state whenever
// the tracker is in sync, whatever messages are lost, doubled or late, and
// however often the identity is created anew.
func TestTrackerAgainstARandomHub(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4000) {
		g := &game{T: t, seed: seed, random: rand.New(rand.NewPCG(seed, 1)), hub: map[string]any{}, version: 1, reader: map[string]any{}}
		g.take(g.tracker.read(g.state()))
		for range 80 {
			g.step()
		}
		for len(g.wire) > 0 {
			g.arrive()
		}
		for range 2 { // the first response may be overtaken
			if !g.tracker.inSync {
				g.take(g.tracker.read(g.state()))
			}
		}
		if !g.tracker.inSync || !reflect.DeepEqual(g.reader, g.hub) {
			t.Fatalf("seed %d: in sync: %v; the reader has\n%v\nthe hub\n%v", seed, g.tracker.inSync, g.reader, g.hub)
		}
	}
}

// game is a hub, a tracker that follows it over a wire, and a reader.
type game struct {
	*testing.T
	seed   uint64
	random *rand.Rand

	hub     map[string]any
	version int64
	wire    []message // sent, not yet arrived
	tracker tracker
	reader  map[string]any
	last    int64 // version of the last patch
	anew    bool  // versions may start over
}

// message is a notification, or the response to a read with the epoch of the
// request.
type message struct {
	properties iothub.Properties
	isResponse bool
	epoch      int
}

func (g *game) state() iothub.Properties {
	return iothub.Properties(mergepatch.Merge(g.hub, map[string]any{"$version": float64(g.version)}))
}

func (g *game) step() {
	switch n := len(g.wire); g.random.IntN(16) {
	case 0, 1, 2, 3: // the back end changes something
		patch := randomPatch(g.random, 2)
		g.hub, g.version = mergepatch.Merge(g.hub, patch), g.version+1
		patch["$version"] = float64(g.version)
		g.wire = append(g.wire, message{properties: patch})
	case 4, 5, 6, 7:
		if n > 0 {
			g.arrive()
		}
	case 8: // a message is lost, and in time so is the connection
		if n > 0 {
			i := g.random.IntN(n)
			g.wire = append(g.wire[:i:i], g.wire[i+1:]...)
			g.tracker.lostTrack()
		}
	case 9: // a notification comes twice
		if n > 0 {
			if again := g.wire[g.random.IntN(n)]; !again.isResponse {
				g.wire = append(g.wire, again)
			}
		}
	case 10: // a message overtakes another
		if n > 0 {
			i := g.random.IntN(n)
			g.wire[0], g.wire[i] = g.wire[i], g.wire[0]
		}
	case 11: // the connection is lost, with everything on the wire
		g.wire = nil
		g.tracker.lostTrack()
	case 12: // the identity is created anew
		if g.random.IntN(4) == 0 {
			g.hub, g.version, g.wire, g.anew = randomPatch(g.random, 0), 1+int64(g.random.IntN(6)), nil, true
			g.hub = mergepatch.Merge(nil, g.hub)
			g.tracker.lostTrack()
		}
	default: // the twin is read, one read at a time
		if !g.tracker.inSync && !slices.ContainsFunc(g.wire, func(m message) bool { return m.isResponse }) {
			g.wire = append(g.wire, message{g.state(), true, g.tracker.epoch})
		}
	}
}

// arrive takes the first message off the wire.
func (g *game) arrive() {
	m := g.wire[0]
	g.wire = g.wire[1:]
	switch {
	case !m.isResponse:
		g.take(g.tracker.notification(iothub.Properties(mergepatch.Clone(map[string]any(m.properties)).(map[string]any))))
	case m.epoch == g.tracker.epoch && !g.tracker.inSync:
		g.take(g.tracker.read(m.properties))
	}
	if g.anew && g.tracker.inSync {
		g.last, g.anew = g.tracker.version, false
	}
}

func (g *game) take(delivered []change) {
	for _, change := range delivered {
		if v := change.patch.Version(); v <= g.last && !g.anew {
			g.Fatalf("seed %d: version %d after %d", g.seed, v, g.last)
		}
		g.last = change.patch.Version()
		g.reader = mergepatch.Merge(g.reader, change.patch.UserProperties())
		if !reflect.DeepEqual(g.reader, change.after) {
			g.Fatalf("seed %d: the patches lead to %v, the tracker says %v", g.seed, g.reader, change.after)
		}
	}
}

func randomPatch(random *rand.Rand, depth int) map[string]any {
	patch := map[string]any{}
	for range 1 + random.IntN(2) {
		name := string(rune('a' + random.IntN(4)))
		switch kind := random.IntN(5); {
		case kind == 0:
			patch[name] = nil
		case kind == 1 && depth > 0:
			patch[name] = randomPatch(random, depth-1)
		case kind == 2:
			patch[name] = []any{float64(random.IntN(3))}
		default:
			patch[name] = float64(random.IntN(5))
		}
	}
	return patch
}

func properties(t testing.TB, text string) iothub.Properties {
	t.Helper()
	var p iothub.Properties
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

func lines(changes []change) (text string) {
	for i, change := range changes {
		if i > 0 {
			text += "\n"
		}
		text += change.patch.String()
	}
	return text
}

// FuzzTracker feeds a tracker whatever a hub may send, line by line: a line
// that begins with "=" is a read, any other a notification. The patches that
// the tracker delivers lead to its own state.
func FuzzTracker(f *testing.F) {
	f.Add("={\"a\":1,\"$version\":1}\n{\"a\":2,\"$version\":2}\n{\"b\":{},\"$version\":4}\n={\"b\":{},\"$version\":4}")
	f.Add("{\"$version\":1e300}\n={}\n{\"$version\":-1}\n{\"$version\":\"2\"}\nnull\n[]")
	f.Add("={\"a\":{\"b\":null},\"$version\":3}\n{\"a\":{\"b\":null},\"$version\":4}\n={\"$version\":2}")
	f.Fuzz(func(t *testing.T, text string) {
		var tracker tracker
		state := map[string]any{}
		for line := range strings.Lines(text) {
			body, isRead := strings.CutPrefix(strings.TrimSpace(line), "=")
			var properties iothub.Properties
			if json.Unmarshal([]byte(body), &properties) != nil {
				properties = nil // as the client does
			}
			began := tracker.known
			var delivered []change
			if isRead {
				delivered = tracker.read(properties)
			} else {
				delivered = tracker.notification(properties)
			}
			for _, change := range delivered {
				state = mergepatch.Merge(state, change.patch.UserProperties())
			}
			if !began {
				state = tracker.properties
			}
			if !reflect.DeepEqual(mergepatch.Merge(nil, state), mergepatch.Merge(nil, tracker.properties)) {
				t.Fatalf("after %q the patches lead to %v, the tracker has %v", line, state, tracker.properties)
			}
		}
	})
}
