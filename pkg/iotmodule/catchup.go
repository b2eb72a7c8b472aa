package iotmodule

import (
	"context"
	"fmt"

	"moduletwin/pkg/internal/backoff"
	"moduletwin/pkg/internal/waitlog"
	"moduletwin/pkg/iothub"
)

// keepInSync reads the twin whenever changes may have been missed, until ctx
// ends.
func (f *follower) keepInSync(ctx context.Context) {
	for {
		select {
		case <-f.outOfSync:
		case <-ctx.Done():
			return
		}
		failures := waitlog.Failures{Log: f.log}
		for attempt := 0; f.needsRead() && ctx.Err() == nil; attempt++ {
			err := f.catchUp(ctx)
			if err == nil || ctx.Err() != nil || !f.needsRead() {
				continue
			}
			pause := f.pauses.Pause(attempt)
			addFailure(&failures, opGetTwin, err, pause)
			if backoff.Wait(ctx, pause) != nil {
				return
			}
		}
	}
}

// catchUpSoon makes keepInSync look whether the twin has to be read.
func (f *follower) catchUpSoon() {
	select {
	case f.outOfSync <- struct{}{}:
	default:
	}
}

func (f *follower) needsRead() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.ended && f.subscribers > 0 && !f.tracker.inSync
}

// catchUp reads the twin and delivers what that shows to have been missed, if
// nobody else has done so meanwhile.
func (f *follower) catchUp(ctx context.Context) error {
	select { // one read at a time: of two, the older response might be the last to be heard
	case f.reading <- struct{}{}:
		defer func() { <-f.reading }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return f.retry(ctx, opGetTwin, func(conn *connection) error {
		epoch, needed := f.reasonToRead()
		if !needed {
			return nil
		}
		twin, err := conn.getTwin(ctx)
		if err != nil {
			return err
		}
		f.logMissed(twin.Properties.Desired.Version()) // first, so that users read of it first
		return f.takeRead(conn, epoch, twin.Properties.Desired)
	})
}

// reasonToRead reports whether a read is needed, and the epoch of the reason.
func (f *follower) reasonToRead() (epoch int, needed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tracker.epoch, f.subscribers > 0 && !f.tracker.inSync
}

// takeRead takes what was read. It has to have come over the same connection
// as the notifications: on one that is lost meanwhile, the response is older
// than what was missed since. The like goes for other reasons to read again.
func (f *follower) takeRead(conn *connection, epoch int, desired iothub.Properties) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.conn != conn || f.tracker.epoch != epoch {
		return errOutdated
	}
	f.deliver(f.tracker.read(desired))
	if !f.tracker.inSync {
		return errOutdated
	}
	return nil
}

// logMissed logs, once after each new connection, how many changes were made
// before it, if any. The lock is not held meanwhile: a logger may be slow, or
// use the client.
func (f *follower) logMissed(read int64) {
	f.mu.Lock()
	resumedAt, now := f.resumedAt, f.tracker.version
	f.resumedAt = 0
	f.mu.Unlock()
	switch missed := read - now; { // less than 0 if changes have overtaken the read
	case resumedAt == 0:
	case read < resumedAt:
		f.log.Info("the module was created anew: its twin begins again")
	case missed == 1:
		f.log.Info("1 change was made meanwhile")
	case missed > 1:
		f.log.Info(fmt.Sprintf("%d changes were made meanwhile", missed))
	}
}
