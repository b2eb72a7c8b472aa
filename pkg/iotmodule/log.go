package iotmodule

import (
	"errors"
	"time"

	"moduletwin/pkg/internal/waitlog"
	"moduletwin/pkg/iothub"
)

// addFailure logs that op has failed and is tried again after a pause.
func addFailure(failures *waitlog.Failures, op string, err error, pause time.Duration) {
	if response := (*iothub.Error)(nil); errors.As(err, &response) {
		err = waitlog.Answered(response.StatusCode, err)
	}
	failures.Add("cannot "+op, err, pause)
}

// stillWaiting logs, if it takes long, that what is waited for for at most
// limit is still waited for. The function that it returns ends that.
func (c *Client) stillWaiting(what string, limit time.Duration) (stop func()) {
	return waitlog.StillWaiting(c.log, what, c.timings.patience, limit)
}
