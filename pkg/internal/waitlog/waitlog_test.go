package waitlog_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/internal/waitlog"
)

// journal is a log handler that keeps each message, with the cause in brackets.
// It takes a millisecond for each line.
type journal struct {
	mu     sync.Mutex // guards the fields below
	lines  []string
	causes []error
}

func (*journal) Enabled(context.Context, slog.Level) bool { return true }
func (j *journal) WithAttrs([]slog.Attr) slog.Handler     { return j }
func (j *journal) WithGroup(string) slog.Handler          { return j }

func (j *journal) Handle(_ context.Context, r slog.Record) error {
	time.Sleep(time.Millisecond) // simulated
	j.mu.Lock()
	defer j.mu.Unlock()
	line := r.Message
	r.Attrs(func(a slog.Attr) bool {
		cause, ok := a.Value.Any().(error)
		if !ok {
			line += " " + a.Key + ": " + a.Value.String()
			return true
		}
		line += fmt.Sprintf(" (%s: %v)", a.Key, cause)
		j.causes = append(j.causes, cause)
		return true
	})
	j.lines = append(j.lines, line)
	return nil
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return fmt.Sprintf("%q", j.lines)
}

// Each cause is logged once, in few words, and wraps the original error.
func TestFailures(t *testing.T) {
	throttled := errors.New("iothub: get the twin: 429 ThrottlingException: wait for 30 seconds")
	dial := errors.New("dial: no route")
	tests := []struct {
		cause, wraps error
		pause        time.Duration
		want         string
	}{
		{waitlog.Answered(429, throttled), throttled, 0, "no twin, trying again in 100ms (cause: the hub answered 429 Too Many Requests)"},
		{waitlog.Answered(429, throttled), nil, 149 * time.Millisecond, "no twin, trying again in 100ms"},
		{io.EOF, io.EOF, 150 * time.Millisecond, "no twin, trying again in 200ms (cause: the hub closed the connection)"},
		{fmt.Errorf("read: %w", io.ErrUnexpectedEOF), nil, 12340 * time.Millisecond, "no twin, trying again in 12.3s"},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, nil, time.Second, "no twin, trying again in 1s"},
		{fmt.Errorf("read: %w", context.DeadlineExceeded), context.DeadlineExceeded, time.Minute, "no twin, trying again in 1m0s (cause: the hub did not answer in time)"},
		{dial, dial, time.Second, "no twin, trying again in 1s (cause: dial: no route)"},
		{waitlog.Answered(429, throttled), throttled, time.Second, "no twin, trying again in 1s (cause: the hub answered 429 Too Many Requests)"},
	}
	synctest.Test(t, func(t *testing.T) {
		var log journal
		failures := waitlog.Failures{Log: slog.New(&log)}
		for i, test := range tests {
			failures.Add("no twin", test.cause, test.pause)
			if got := log.lines[i]; got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if last := len(log.causes) - 1; test.wraps != nil && !errors.Is(log.causes[last], test.wraps) {
				t.Errorf("the cause is %#v, want one that wraps %v", log.causes[last], test.wraps)
			}
		}
	})
}

func TestStillWaiting(t *testing.T) {
	tests := []struct {
		name  string
		help  string
		waits time.Duration
		want  []string
	}{
		{"over soon", "", 3*time.Second - 1, nil},
		{"over as the line is being logged", "", 3 * time.Second, []string{"get the twin: no answer yet, waiting up to 17s more"}},
		{"over late", "", time.Minute, []string{"get the twin: no answer yet, waiting up to 17s more"}},
		{"with a hint", "Type fg.", time.Minute, []string{"get the twin: no answer yet, waiting up to 17s more hint: Type fg."}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log journal
				stop := waitlog.StillWaiting(slog.New(&log), "get the twin", test.help, 3*time.Second, 20*time.Second-1)
				time.Sleep(test.waits)
				synctest.Wait() // until the handler has begun the line
				stop()
				if !slices.Equal(log.lines, test.want) {
					t.Errorf("logged when it was over: %s, want %q", &log, test.want)
				}
				time.Sleep(time.Minute)
				if !slices.Equal(log.lines, test.want) {
					t.Errorf("logged a minute later: %s, want %q", &log, test.want)
				}
			})
		})
	}
}
