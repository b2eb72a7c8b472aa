package event_test

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"testing"

	"moduletwin/pkg/localhub/event"
)

func numbers(events []event.Event) (list []uint64) {
	for _, e := range events {
		list = append(list, e.Number)
	}
	return list
}

func TestEvents(t *testing.T) {
	var stream event.Stream
	stream.Publish(event.Event{Kind: event.Created}) // nobody listens
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events := stream.Events(ctx)
	stream.Publish(event.Event{Kind: event.SignedIn, DeviceID: "d"})
	stream.Publish(event.Event{Kind: event.Disconnected, DeviceID: "d"})
	for e := range events {
		if e.Kind != event.SignedIn || e.Number != 1 || e.Time.IsZero() {
			t.Errorf("the first event is %+v", e)
		}
		break
	}
	for e := range events { // continues where the last loop stopped
		if e.Kind != event.Disconnected || e.Number != 2 {
			t.Errorf("the second event is %+v", e)
		}
		cancel()
	}
	for e := range events {
		t.Errorf("after the context ended, there is %+v", e)
	}
}

func TestEventsEndWithTheStream(t *testing.T) {
	var stream event.Stream
	events := stream.Events(t.Context())
	stream.Publish(event.Event{Kind: event.Deleted})
	stream.Close()
	var kinds []event.Kind
	for e := range events {
		kinds = append(kinds, e.Kind)
	}
	if !slices.Equal(kinds, []event.Kind{event.Deleted}) {
		t.Errorf("got %v", kinds)
	}
	for range stream.Events(t.Context()) {
		t.Error("a closed stream yields events")
	}
	stream.Close()
}

func TestSlowReader(t *testing.T) {
	var stream event.Stream
	events := stream.Events(t.Context())
	for range 1024 + 10 {
		stream.Publish(event.Event{Kind: event.Request})
	}
	stream.Close()
	first, rest := event.Event{}, 0
	for e := range events {
		if first.Kind == 0 {
			first = e
			continue
		}
		rest++
	}
	if first.Kind != event.Missed || first.Count != 10 || rest != 1024 {
		t.Errorf("the first is %v, %d follow", first, rest)
	}
}

func TestRecording(t *testing.T) {
	var stream event.Stream
	r := stream.Record(4)
	if events, missed, _ := r.After(0, 10); events != nil || missed != 0 {
		t.Errorf("at first, there are %v", events)
	}
	for range 6 {
		stream.Publish(event.Event{Kind: event.Request})
	}
	for _, row := range []struct {
		after  uint64
		n      int
		want   []uint64
		missed uint64
	}{
		{0, 10, []uint64{3, 4, 5, 6}, 2},
		{1, 10, []uint64{3, 4, 5, 6}, 1},
		{2, 10, []uint64{3, 4, 5, 6}, 0},
		{2, 3, []uint64{3, 4, 5}, 0},
		{5, 10, []uint64{6}, 0},
		{6, 10, nil, 0},
		{99, 10, nil, 0},
	} {
		events, missed, _ := r.After(row.after, row.n)
		if !slices.Equal(numbers(events), row.want) || missed != row.missed {
			t.Errorf("after %d: %v, missed %d; want %v, %d", row.after, numbers(events), missed, row.want, row.missed)
		}
	}
	if r.Last() != 6 {
		t.Errorf("the last is %d", r.Last())
	}
	_, _, more := r.After(6, 10)
	stream.Publish(event.Event{Kind: event.Request})
	<-more
	_, _, more = r.After(7, 10)
	r.Close()
	<-more
	<-r.Done()
	r.Close()
	if events, _, more := r.After(6, 10); len(events) != 1 || more == nil {
		t.Errorf("after Close, %v can be read", events)
	} else {
		<-more // closed, because nothing more will come
	}
	if stream.Watched() {
		t.Error("the stream still counts a listener")
	}
}

// TestManyAtOnce lets readers and recordings come and go while others publish:
// every reader sees the numbers in order and without gaps.
func TestManyAtOnce(t *testing.T) {
	var stream event.Stream
	var writers, readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			last := uint64(0)
			for e := range stream.Events(t.Context()) {
				if e.Kind != event.Missed && e.Number != last+1 {
					t.Errorf("after %d comes %d", last, e.Number)
				}
				last = e.Number
			}
		})
		writers.Go(func() {
			for range 2000 {
				stream.Publish(event.Event{Kind: event.Request})
			}
		})
		writers.Go(func() { stream.Record(1).Close() })
	}
	writers.Wait()
	stream.Close()
	readers.Wait()
}

func TestString(t *testing.T) {
	for k := event.SignedIn; k <= event.Missed; k++ {
		if name := k.String(); name == "" || name[0] < 'A' || name[0] > 'Z' || name[0] == 'K' {
			t.Errorf("kind %d is called %q", k, name)
		}
	}
	if got := (event.Missed + 1).String(); got != "Kind(19)" {
		t.Errorf("an unknown kind is called %q", got)
	}
	e := event.Event{
		Kind: event.RequestRefused, DeviceID: "d", ModuleID: "m", By: "service", RemoteAddr: "127.0.0.1:1",
		Method: "PATCH", Path: "/twins/d/modules/m", Status: 412, Reason: "ETag mismatch",
		Patch: map[string]any{"a": 1}, Version: 2, Count: 3,
	}
	want := `RequestRefused device=d module=m by=service from=127.0.0.1:1 request=PATCH /twins/d/modules/m status=412 version=2 patch=map[a:1] count=3 reason="ETag mismatch"`
	if got := e.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for i := range reflect.TypeOf(e).NumField() { // a new field has to be shown, too
		if reflect.ValueOf(e).Field(i).IsZero() && !slices.Contains([]string{"Number", "Time"}, reflect.TypeOf(e).Field(i).Name) {
			t.Errorf("the test leaves out %s", reflect.TypeOf(e).Field(i).Name)
		}
	}
}

func BenchmarkPublishUnwatched(b *testing.B) {
	var stream event.Stream
	for b.Loop() {
		if stream.Watched() {
			stream.Publish(event.Event{Kind: event.Request})
		}
	}
}

func BenchmarkPublishRecorded(b *testing.B) {
	var stream event.Stream
	defer stream.Record(4096).Close()
	for b.Loop() {
		if stream.Watched() {
			stream.Publish(event.Event{Kind: event.Request})
		}
	}
}
