package localhub_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
	"moduletwin/pkg/localhub/internal/store"
)

// curious is a log handler that calls the hub for every line.
type curious struct {
	slog.Handler
	hub   atomic.Pointer[localhub.Hub]
	lines atomic.Int64
}

func (h *curious) Enabled(context.Context, slog.Level) bool { return true }

func (h *curious) Handle(context.Context, slog.Record) error {
	defer h.lines.Add(1)
	if hub := h.hub.Load(); hub != nil {
		hub.PendingFaults()
		hub.FaultsInjected()
		hub.Stopped()
		hub.Addresses()
		hub.Identities()
		hub.Twin("d", "m")
		hub.PatchDesired("d", "other", map[string]any{"lines": h.lines.Load()})
	}
	return nil
}

// startCurious starts a hub with a curious logger. do calls f, and fails if f
// hangs or logs nothing.
func startCurious(t *testing.T, folder string) (hub *localhub.Hub, do func(what string, f func())) {
	t.Helper()
	handler := &curious{Handler: slog.DiscardHandler}
	hub, err := localhub.Start(&localhub.Options{DataDir: folder, Logger: slog.New(handler)})
	if err != nil {
		t.Fatal(err)
	}
	handler.hub.Store(hub)
	return hub, func(what string, f func()) {
		t.Helper()
		before, done := handler.lines.Load(), make(chan struct{})
		go func() {
			defer close(done)
			f()
		}()
		select {
		case <-done:
		case <-time.After(testTimeout):
			t.Fatalf("%s hangs", what)
		}
		if handler.lines.Load() == before {
			t.Errorf("%s is not logged", what)
		}
	}
}

// TestLoggerMayCallTheHub checks that the hub never writes to the log while it
// holds a lock.
func TestLoggerMayCallTheHub(t *testing.T) {
	hub, do := startCurious(t, "")
	module := hub.AddModule("d", "m")
	hub.AddModule("d", "other")
	c, _ := signIn(t, hub, module)
	c.subscribe(responses, desired)
	do("a fault in a response", func() {
		hub.FailNext(1, fault.TwinGet, fault.Status(500))
		c.request(getTwin, "")
		c.expectAlive()
	})
	do("a refused report", func() {
		c.request("$iothub/twin/PATCH/properties/reported/?$rid=1&$version=99", "{}")
		c.expectAlive()
	})
	do("a fault in a notification", func() {
		hub.FailNext(1, fault.Notify, fault.Cut())
		hub.PatchDesired("d", "m", map[string]any{"a": 1})
		c.expectEnd()
		hub.WaitConnection(t.Context(), "d", "m", func(s localhub.ConnectionState) bool { return !s.Connected })
		signIn(t, hub, module)
	})
	do("Disconnect", func() { hub.Disconnect("d", "m") })
	signIn(t, hub, module)
	do("DisconnectAll", func() { hub.DisconnectAll() })
	signIn(t, hub, module)
	do("ExpireTokens", hub.ExpireTokens)
	do("ForgetSessions", func() { hub.ForgetSessions() })
	do("StopFor", func() {
		events := hub.Events(t.Context())
		hub.StopFor(time.Millisecond)
		for e := range events {
			if e.Reason == "the hub listens again" {
				break
			}
		}
	})
	signIn(t, hub, hub.AddModule("d", "another"))
	do("Close", hub.Close)
}

// TestLoggerMayCallTheBrokenHub checks the same for the log line about a
// damaged file.
func TestLoggerMayCallTheBrokenHub(t *testing.T) {
	folder := t.TempDir()
	hub, do := startCurious(t, folder)
	hub.AddModule("d", "m")
	hub.AddModule("d", "other")
	forgetFreePages(t, filepath.Join(folder, store.FileName))
	do("damage", func() {
		if _, err := hub.PatchDesired("d", "m", map[string]any{"a": 1}); err == nil {
			t.Error("a change was accepted")
		}
		hub.Close()
	})
}
