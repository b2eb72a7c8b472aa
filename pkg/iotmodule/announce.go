package iotmodule

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"moduletwin/pkg/iothub"
)

// failures logs the failures of one thing that is tried again and again: each
// with the pause before the next attempt, and with its cause if that is another
// than before. What may help against a cause, [iothub.Hint] tells.
type failures struct {
	log  *slog.Logger
	last string // the cause of the last failure
}

// add takes a failure. what says what is not so: "no connection".
func (f *failures) add(what string, err error, pause time.Duration) {
	const unit = 100 * time.Millisecond
	line := fmt.Sprintf("%s, trying again in %v", what, max(pause.Round(unit), unit))
	cause := causeOf(err)
	if cause.Error() == f.last {
		f.log.Info(line)
		return
	}
	f.last = cause.Error()
	f.log.Info(line, "cause", cause)
}

// causeOf returns err with a text of few words: what was tried, the line says
// already, and when to try again is for the client to say, not for the hub.
func causeOf(err error) error {
	var response *iothub.Error
	var late net.Error
	switch {
	case errors.As(err, &response):
		return cause{fmt.Sprintf("the hub answered %d %s", response.StatusCode, http.StatusText(response.StatusCode)), err}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return cause{"the hub closed it", err}
	case errors.As(err, &late) && late.Timeout():
		return cause{"the hub did not answer in time", err}
	}
	return err
}

// cause is an error in other words.
type cause struct {
	text string
	error
}

func (c cause) Error() string { return c.text }
func (c cause) Unwrap() error { return c.error }

// stillWaiting logs, if it takes long, that what is waited for for at most
// limit is still waited for. The function that it returns ends that.
func (c *Client) stillWaiting(what string, limit time.Duration) (stop func()) {
	logged := make(chan struct{})
	timer := time.AfterFunc(c.timings.patience, func() {
		defer close(logged)
		c.log.Info(fmt.Sprintf("%s: no answer yet, waiting up to %v more", what, limit-c.timings.patience))
	})
	return func() {
		if !timer.Stop() {
			<-logged
		}
	}
}
