//go:build linux

package bench

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"
)

// BenchmarkWatched sends patches to 10,000 modules while somebody watches them
// in the portal, and while nobody does. What the viewer does with the events is
// not measured: that is a browser's work.
func BenchmarkWatched(b *testing.B) {
	n := 10_000
	if testing.Short() {
		n = 1_000
	}
	needFiles(b, n)
	var watched, alone sums
	for b.Loop() {
		alone.add(measureFleet(b, newHubFleet(b, n)))
		f := newHubFleet(b, n)
		watch(b, f.server.ask(b, "portal"))
		watched.add(measureFleet(b, f))
	}
	report(b, "patches/s", watched.rate, alone.rate)
	report(b, "each-ms", watched.each, alone.each)
	report(b, "cpu-µs/patch", watched.cpu, alone.cpu)
}

// watch opens the portal as a browser does and reads its stream until the
// server ends.
func watch(b *testing.B, address string) {
	b.Helper()
	jar, _ := cookiejar.New(nil) // without options, it cannot fail
	browser := &http.Client{Jar: jar}
	page, err := browser.Get(address)
	if err != nil {
		b.Fatal(err)
	}
	page.Body.Close()
	events, err := url.Parse(address)
	if err != nil {
		b.Fatal(err)
	}
	events.Path, events.RawQuery = "/api/events", ""
	stream, err := browser.Get(events.String())
	if err != nil || stream.StatusCode != http.StatusOK {
		b.Fatalf("%v, %v", stream, err)
	}
	go io.Copy(io.Discard, stream.Body)
	b.Cleanup(func() { stream.Body.Close() })
}
