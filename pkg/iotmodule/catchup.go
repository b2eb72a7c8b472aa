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

// catchUp reads the twin and delivers the changes that were missed, unless
// another goroutine has done so in the meantime.
func (f *follower) catchUp(ctx context.Context) error {
	select { // one read at a time: of two responses, the older one might arrive last
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
		f.logMissed(conn, twin.Properties.Desired.Version()) // before the changes themselves
		return f.takeRead(conn, epoch, twin.Properties.Desired)
	})
}

// reasonToRead reports whether the twin has to be read, and the epoch in which
// that became necessary.
func (f *follower) reasonToRead() (epoch int, needed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tracker.epoch, f.subscribers > 0 && !f.tracker.inSync
}

// takeRead takes the desired properties that were read. They have to come over
// the same connection as the notifications: a response over a connection that
// has been lost since is older than the changes that were missed. The same
// holds if the read has become necessary once more for another reason.
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
// while there was none. It does so without holding the lock: a logger may be
// slow, or use the client.
func (f *follower) logMissed(conn *connection, read int64) {
	f.mu.Lock()
	if f.conn != conn {
		f.mu.Unlock()
		return // the read is outdated
	}
	resumedAt, now := f.resumedAt, f.tracker.version
	f.resumedAt = 0
	f.mu.Unlock()
	switch missed := read - now; { // negative if notifications have overtaken the read
	case resumedAt == 0:
	case read < resumedAt:
		f.log.Info("the module was created again: its twin starts from the beginning")
	case missed == 1:
		f.log.Info("1 change was made in the meantime")
	case missed > 1:
		f.log.Info(fmt.Sprintf("%d changes were made in the meantime", missed))
	}
}
