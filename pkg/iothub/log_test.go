package iothub_test

import (
	"context"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/iothub"
)

// The log says why a call is waiting and for how long, names each cause once,
// and contradicts itself nowhere.
func TestRetriesAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged strings.Builder
		log := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
				return slog.Attr{}
			}
			return a
		}}))
		hub := serve(t, throttled, throttled, breaksOff, staysSilent, device("1"))
		if err := getDevice(t.Context(), hub.registry(t, &iothub.Options{Logger: log})); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		got := regexp.MustCompile(`[\d.]+m?s`).ReplaceAllString(logged.String(), "…")
		const want = `msg="cannot get device \"d\", trying again in …" cause="the hub answered 429 Too Many Requests"
msg="cannot get device \"d\", trying again in …"
msg="cannot get device \"d\", trying again in …" cause="the hub closed the connection"
msg="get device \"d\": no answer yet, waiting up to … more"
msg="cannot get device \"d\", trying again in …" cause="the hub did not answer in time"
`
		if got != want {
			t.Errorf("logged\n%s\nwant\n%s", got, want)
		}
	})
}

// A call that waits long for a response says so in the log.
func TestWaitingIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged strings.Builder
		registry := serve(t, staysSilent).registry(t, &iothub.Options{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		getDevice(ctx, registry)
		synctest.Wait()
		if !strings.Contains(logged.String(), `msg="get device \"d\": no answer yet, waiting up to 1s more"`) || strings.Count(logged.String(), "\n") != 1 {
			t.Errorf("logged: %s", &logged)
		}
	})
}

// slowHandler is a log handler that takes two seconds for each line.
type slowHandler struct {
	slog.Handler
	busy atomic.Bool
}

func (h *slowHandler) Handle(ctx context.Context, r slog.Record) error {
	h.busy.Store(true)
	defer h.busy.Store(false)
	time.Sleep(2 * time.Second) // simulated
	return h.Handler.Handle(ctx, r)
}

// A call logs nothing after it has returned: the logger may be unusable by
// then, such as that of a test that has ended.
func TestNothingIsLoggedAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged strings.Builder
		log := &slowHandler{Handler: slog.NewTextHandler(&logged, nil)}
		registry := serve(t, staysSilent).registry(t, &iothub.Options{Logger: slog.New(log)})
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		getDevice(ctx, registry)
		if log.busy.Load() || !strings.Contains(logged.String(), "no answer yet") {
			t.Errorf("the call returned while a line was being logged; logged before: %s", &logged)
		}
		time.Sleep(time.Minute) // simulated; by then the line is written
	})
}

// A cause in the log carries its hint, if there is one.
func TestRetriesAreLoggedWithHints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hints []string
		log := slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if cause, ok := a.Value.Any().(error); ok && a.Key == "cause" {
				hints = append(hints, iothub.Hint(cause))
			}
			return a
		}}))
		hub := serve(t, throttled, breaksOff, staysSilent, unavailable, device("1"))
		if err := getDevice(t.Context(), hub.registry(t, &iothub.Options{Logger: log})); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"The hub is getting too many requests at the moment; it will accept more a little later.",
			"",
			"No answer in time. Check the network; a firewall may be dropping the packets.",
			"Check HostName in the connection string; a proxy may be answering in its place.",
		}
		if !slices.Equal(hints, want) {
			t.Errorf("the hints are %q, want %q", hints, want)
		}
	})
}
