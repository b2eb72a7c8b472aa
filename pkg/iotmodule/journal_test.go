package iotmodule_test

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"sync"

	"moduletwin/pkg/internal/hint"
	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
)

// journal is a log handler that keeps what was logged.
type journal struct {
	mu      sync.Mutex // guards lines
	written []string
}

func (j *journal) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (j *journal) WithAttrs([]slog.Attr) slog.Handler { panic("the client adds no attributes") }

func (j *journal) WithGroup(string) slog.Handler { panic("the client makes no groups") }

// Handle keeps the message, with its cause and hint.
func (j *journal) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	if r.Level >= slog.LevelWarn {
		line = r.Level.String() + " " + line
	}
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == hint.Key {
			line += " " + a.Value.String()
			return true
		}
		line += " (" + a.Key + ": " + a.Value.String() + ")"
		if err, ok := a.Value.Any().(error); ok && iothub.Hint(err) != "" {
			line += " " + iothub.Hint(err)
		}
		return true
	})
	j.mu.Lock()
	defer j.mu.Unlock()
	j.written = append(j.written, line)
	return nil
}

// lines returns what was logged, with each pause replaced by "…".
func (j *journal) lines() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var lines []string
	for _, line := range j.written {
		lines = append(lines, pauseLength.ReplaceAllString(line, "in …"))
	}
	return lines
}

var pauseLength = regexp.MustCompile(`\bin [0-9.ms]+\b`)

func (j *journal) String() string { return strings.Join(j.lines(), "\n") }

// count returns how many lines contain text.
func (j *journal) count(text string) (n int) {
	for _, line := range j.lines() {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

func keepLog(j *journal) func(*iotmodule.Options) {
	return func(o *iotmodule.Options) { o.Logger = slog.New(j) }
}

// watcher calls watch with every message.
type watcher struct {
	slog.Handler
	watch func(ctx context.Context, message string)
}

func (w watcher) Enabled(context.Context, slog.Level) bool { return true }

func (w watcher) Handle(ctx context.Context, r slog.Record) error {
	w.watch(ctx, r.Message)
	return nil
}
