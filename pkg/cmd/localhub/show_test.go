package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
)

// TestShow shows no devices, a connected module, and more devices than are
// shown.
func TestShow(t *testing.T) {
	hub := localhub.New(t)
	p := prompt{hub: hub, words: words}
	if answer := p.answer("show"); answer != "show: there are no devices yet; createmodule makes one\n" {
		t.Errorf("%q", answer)
	}
	client, err := iotmodule.Dial(t.Context(), hub.AddModule("d", "m"), &iotmodule.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	lines := strings.Split(p.answer("show"), "\n")
	if len(lines) != 4 || lines[0] != "device  module  connection" || lines[1] != "d               not connected yet" ||
		!strings.HasPrefix(lines[2], "d       m       connected since ") || !strings.Contains(lines[2], " from 127.0.0.1:") {
		t.Errorf("%q", lines)
	}
	for i := range maxShown {
		hub.AddDevice(fmt.Sprintf("e%d", i))
	}
	if answer := p.answer("show"); strings.Count(answer, "\n") != maxShown+2 || !strings.HasSuffix(answer, "and 2 more\n") {
		t.Errorf("%s", answer)
	}
}

func TestDescribe(t *testing.T) {
	now := time.Date(2026, 3, 4, 15, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		disabled bool
		state    localhub.ConnectionState
		want     string
	}{
		{false, localhub.ConnectionState{}, "not connected yet"},
		{false, localhub.ConnectionState{Since: now.Add(-time.Hour)}, "not connected since 14:00:00"},
		{true, localhub.ConnectionState{Since: now.Add(-24 * time.Hour)}, "not connected since 2026-03-03 15:00:00, disabled"},
		{false, localhub.ConnectionState{Since: now, Connected: true, RemoteAddr: "127.0.0.1:5"}, "connected since 15:00:00 from 127.0.0.1:5"},
		{false, localhub.ConnectionState{Since: now, Connected: true, Subscribed: true, RemoteAddr: "[::1]:5"}, "connected since 15:00:00 from [::1]:5, subscribed"},
	} {
		if got := describe(localhub.Identity{Disabled: row.disabled, ConnectionState: row.state}, now); got != row.want {
			t.Errorf("%+v: %q, want %q", row.state, got, row.want)
		}
	}
}
