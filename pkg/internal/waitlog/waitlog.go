// Package waitlog logs what a client is waiting for: the next attempt after a
// failed one, or a response that takes long.
package waitlog

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"moduletwin/pkg/internal/hint"
)

// Failures logs the failures of one operation that is retried: each with the
// pause before the next attempt, and with its cause if that has changed since
// the last failure. The attribute "cause" is an error; package iothub's Hint
// returns what may help against it.
type Failures struct {
	Log  *slog.Logger
	last string // the cause of the last failure
}

// Add logs a failure and the pause after it. what is the beginning of the line,
// such as "no connection".
func (f *Failures) Add(what string, cause error, pause time.Duration) {
	const unit = 100 * time.Millisecond
	line := fmt.Sprintf("%s, trying again in %v", what, max(pause.Round(unit), unit))
	cause = InFewWords(cause)
	if cause.Error() == f.last {
		f.Log.Info(line)
		return
	}
	f.last = cause.Error()
	f.Log.Info(line, "cause", cause)
}

// InFewWords gives common network errors a text that says what they mean.
func InFewWords(err error) error {
	var late net.Error
	switch {
	case hint.IsClosed(err):
		return reworded{"the hub closed the connection", err}
	case errors.As(err, &late) && late.Timeout():
		return reworded{"the hub did not answer in time", err}
	}
	return err
}

// Answered gives err a short text: that the hub answered with a status as in
// HTTP. Anything else that the hub says, such as when to try again, would
// contradict the rest of the line.
func Answered(status int, err error) error {
	return reworded{fmt.Sprintf("the hub answered %d %s", status, http.StatusText(status)), err}
}

// reworded is an error with another text.
type reworded struct {
	text string
	error
}

func (r reworded) Error() string { return r.text }
func (r reworded) Unwrap() error { return r.error }

// StillWaiting logs a line if the wait is not over after a while, and says how
// much of limit is left. what is the beginning of the line; help is a hint, or
// "". The caller calls stop when the wait is over: once it has returned,
// nothing more is logged.
func StillWaiting(log *slog.Logger, what, help string, after, limit time.Duration) (stop func()) {
	logged := make(chan struct{})
	timer := time.AfterFunc(after, func() {
		defer close(logged)
		line := fmt.Sprintf("%s: no answer yet, waiting up to %v more", what, (limit - after).Round(time.Second))
		if help == "" {
			log.Info(line)
			return
		}
		log.Info(line, hint.Key, help)
	})
	return func() {
		if !timer.Stop() {
			<-logged
		}
	}
}
