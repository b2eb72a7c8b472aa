package iotmodule

import (
	"context"

	"moduletwin/pkg/internal/backoff"
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
		for attempt := 0; f.needsRead() && ctx.Err() == nil; attempt++ {
			err := f.catchUp(ctx)
			if err == nil || ctx.Err() != nil || !f.needsRead() {
				continue
			}
			f.log.Warn("the twin cannot be read, trying again", "error", err)
			if backoff.Wait(ctx, f.pauses.Pause(attempt)) != nil {
				return
			}
		}
	}
}

// wake makes keepInSync look whether the twin has to be read.
func (f *follower) wake() {
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
		return ctx.Err()
	}
	return f.retry(ctx, func(conn *connection) error {
		epoch, needed := f.reasonToRead()
		if !needed {
			return nil
		}
		twin, err := conn.getTwin(ctx)
		if err != nil {
			return err
		}
		f.reportCaughtUp(twin.Properties.Desired.Version()) // first, so that users read of it first
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
	switch {
	case f.conn != conn:
		return errConnectionLost
	case f.tracker.epoch != epoch:
		return errOutdated
	}
	f.deliver(f.tracker.read(desired))
	if !f.tracker.inSync {
		return errOutdated
	}
	return nil
}

// reportCaughtUp is reportBack once the version that the desired properties
// have now is known.
func (f *follower) reportCaughtUp(version int64) {
	f.mu.Lock()
	known, before := f.tracker.known, f.tracker.version
	f.mu.Unlock()
	if known {
		f.reportBack("changesCaughtUp", max(0, version-before))
	} else {
		f.reportBack()
	}
}

// reportBack logs, once, that the connection is back. The lock is not held
// meanwhile: a logger may be slow, or use the client.
func (f *follower) reportBack(args ...any) {
	f.mu.Lock()
	resumed := f.resumed
	f.resumed = ""
	f.mu.Unlock()
	if resumed != "" {
		f.log.Info(resumed, args...)
	}
}
