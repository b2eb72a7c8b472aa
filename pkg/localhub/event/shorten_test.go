package event_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"moduletwin/pkg/localhub/event"
)

// TestLongTexts checks that a recording cuts long texts, between characters.
func TestLongTexts(t *testing.T) {
	var stream event.Stream
	r := stream.Record(1)
	defer r.Close()
	for _, row := range []struct{ text, want string }{
		{strings.Repeat("x", 1000), strings.Repeat("x", 1000)},
		{strings.Repeat("x", 1001), strings.Repeat("x", 1000) + "…"},
		{"x" + strings.Repeat("é", 600), "x" + strings.Repeat("é", 499) + "…"},
	} {
		stream.Publish(event.Event{Kind: event.RequestRefused, By: row.text, Method: row.text, Path: row.text, Reason: row.text})
		events, _, _ := r.After(r.Last()-1, 1)
		e := events[0]
		for _, got := range []string{e.By, e.Method, e.Path, e.Reason} {
			if got != row.want {
				t.Errorf("%d bytes became %d, %q", len(row.text), len(got), got[max(0, len(got)-10):])
			}
		}
	}
}

// TestPartsOfLongTexts checks that a recording does not keep the long text in
// memory that an id is a part of, such as a user name.
func TestPartsOfLongTexts(t *testing.T) {
	var stream event.Stream
	r := stream.Record(100)
	defer r.Close()
	before := heap()
	for i := range 64 {
		name := strings.Repeat(fmt.Sprint(i%10), 1<<20)
		stream.Publish(event.Event{Kind: event.SignInRefused, DeviceID: name[:1], ModuleID: name[1:2], Method: name[2:3]})
	}
	if grown := int64(heap()) - int64(before); grown > 32<<20 {
		t.Errorf("64 short texts take %d bytes", grown)
	}
	runtime.KeepAlive(r)
}

func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
