package localhub_test

import (
	"slices"
	"strings"
	"testing"

	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/event"
	"moduletwin/pkg/localhub/fault"
)

// subscribed returns a hub with a module that has subscribed to its desired
// properties and is then cut off by the network.
func subscribed(t *testing.T) *localhub.Hub {
	hub := localhub.New(t)
	c, _ := signIn(t, hub, hub.AddModule("d", "m"))
	c.subscribe(desired)
	hub.SetNetwork(fault.Network{Blackhole: true})
	return hub
}

// notifications returns what became of each notification in a recording.
func notifications(recording *event.Recording) (lines []string) {
	events, _, _ := recording.After(0, 10_000)
	for _, e := range events {
		if e.Kind == event.NotificationSent || e.Kind == event.NotificationMissed {
			e.DeviceID, e.ModuleID = "", ""
			lines = append(lines, e.String())
		}
	}
	return lines
}

// TestMissedByFault checks that a notification dropped by a fault is not
// reported as sent, and that nothing is sent after a fault that ends the
// connection.
func TestMissedByFault(t *testing.T) {
	for _, row := range []struct {
		failure fault.Failure
		want    []string // of two notifications
	}{
		{fault.LoseResponse(), []string{
			"NotificationSent version=2",
			`NotificationMissed version=3 reason="a fault ends the connection"`,
		}},
		{fault.CutHalfway(), []string{
			`NotificationMissed version=2 reason="fault CutHalfway"`,
			`NotificationMissed version=3 reason="a fault ends the connection"`,
		}},
		{fault.Duplicate(), []string{"NotificationSent version=2", "NotificationSent version=3"}},
	} {
		hub := subscribed(t)
		recording := hub.RecordEvents(100)
		hub.FailNext(1, fault.Notify, row.failure)
		for n := range 2 {
			hub.PatchDesired("d", "m", map[string]any{"n": n})
		}
		if got := notifications(recording); !slices.Equal(got, row.want) {
			t.Errorf("%v: got\n  %s\nwant\n  %s", row.failure, strings.Join(got, "\n  "), strings.Join(row.want, "\n  "))
		}
	}
}

// TestMissedBySlowClient sends more than the hub queues for a client: the
// change that causes the cut is not reported as sent.
func TestMissedBySlowClient(t *testing.T) {
	hub := subscribed(t)
	recording := hub.RecordEvents(10_000)
	long := strings.Repeat("x", 4000)
	patch := map[string]any{"a": long, "b": long, "c": long, "d": long, "e": long, "f": long, "g": long}
	for range 200 {
		hub.PatchDesired("d", "m", patch)
	}
	cut := `reason="it does not read what is sent to it"`
	lines := notifications(recording)
	missed := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "NotificationMissed") })
	if missed < 100 || !strings.Contains(lines[missed], cut) {
		t.Fatalf("%q", lines)
	}
	for _, line := range lines[missed:] {
		if !strings.HasPrefix(line, "NotificationMissed") {
			t.Errorf("after the cut: %s", line)
		}
	}
}
