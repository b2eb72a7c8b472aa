package iotmodule

import (
	"context"
	"errors"
	"time"

	"moduletwin/pkg/internal/hint"
	"moduletwin/pkg/internal/waitlog"
	"moduletwin/pkg/iothub"
)

// addFailure logs that op has failed and will be retried after a pause.
func addFailure(failures *waitlog.Failures, op string, err error, pause time.Duration) {
	if response := (*iothub.Error)(nil); errors.As(err, &response) {
		err = waitlog.Answered(response.StatusCode, err)
	}
	failures.Add("cannot "+op, err, pause)
}

// stillWaiting logs a line if a response takes long. The line says how long it
// can still take: limit at most, and no longer than ctx allows. The caller
// calls stop when the response is there.
func (c *Client) stillWaiting(ctx context.Context, what string, limit time.Duration) (stop func()) {
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	return waitlog.StillWaiting(c.log, what, hint.NoAnswer(c.dialer.address), c.timings.slowAfter, limit)
}
