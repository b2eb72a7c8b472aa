package iotmodule

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"moduletwin/pkg/internal/mergepatch"
	"moduletwin/pkg/iothub"
)

// SubscribeDesired returns the changes of the module's desired properties, as
// merge patches with their "$version"; nil means that a property was removed.
// When it returns, the hub has acknowledged the subscription. From then on
// every change arrives, in order, none twice:
//
//   - A lost connection is not an error. What was missed comes as one patch,
//     the exact difference between the desired properties last seen and the
//     present ones; nothing comes if nothing has changed.
//   - The versions rise. Only after the identity was deleted and created anew
//     do they start over, with a patch that leads to the new state.
//   - A slow reader delays nobody. Up to 1,024 patches wait one by one;
//     beyond that, those that wait become one with the same effect.
//
// The state that the changes begin with is what [Client.FollowDesired] returns
// beside them.
//
// The sequence ends quietly when ctx is done or the client is closed. It
// yields one last error when the hub keeps refusing the module. Leaving the
// loop and ranging again goes on with the next patch. The patches are the
// caller's to change.
//
// See https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-module-twins#module-operations.
func (c *Client) SubscribeDesired(ctx context.Context) (iter.Seq2[iothub.Properties, error], error) {
	_, patches, err := c.FollowDesired(ctx)
	return patches, err
}

// FollowDesired is [Client.SubscribeDesired] for those who need the desired
// properties themselves: it returns them, with "$version", as they are before
// the first patch. Merging every patch into them follows the hub exactly.
// (Merging patches into what [Client.GetTwin] returns may not: a patch that
// takes the place of several is exact for this state only.)
func (c *Client) FollowDesired(ctx context.Context) (state iothub.Properties, patches iter.Seq2[iothub.Properties, error], err error) {
	queue, state, err := c.openQueue(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("iotmodule: subscribe to the desired properties of %s: %w", c.module.Owner(), err)
	}
	return state, func(yield func(iothub.Properties, error) bool) {
		for {
			patch, err, more := queue.take(ctx, c.closing)
			if !more || !yield(patch, err) {
				return
			}
		}
	}, nil
}

// openQueue returns a queue and the state that it begins with, which was read
// after the hub had acknowledged the subscription.
func (c *Client) openQueue(ctx context.Context) (*queue, iothub.Properties, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readers++           // from now on, notifications count
	c.tracker.lostTrack() // others may follow already, but what they know may be older than this moment
	for attempt := 0; !c.tracker.inSync; attempt++ {
		c.mu.Unlock()
		err := c.catchUp(ctx, attempt)
		c.mu.Lock()
		if err != nil {
			c.dropReader()
			c.wake() // the others still need the read
			return nil, nil, err
		}
	}
	queue := newQueue(c.tracker.properties)
	c.queues[queue] = context.AfterFunc(ctx, func() { c.closeQueue(queue) })
	state := iothub.Properties(mergepatch.Merge(nil, c.tracker.properties))
	state["$version"] = float64(c.tracker.version)
	return queue, state, nil
}

func (c *Client) closeQueue(q *queue) {
	q.end(nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, open := c.queues[q]; open {
		delete(c.queues, q)
		c.dropReader()
	}
}

// dropReader stops following the twin when nobody is left to follow it for.
// c.mu is held.
func (c *Client) dropReader() {
	if c.readers--; c.readers == 0 {
		c.tracker = tracker{epoch: c.tracker.epoch + 1}
	}
}

// onDesired takes a notification, on paho's goroutine.
func (c *Client) onDesired(from *connection, body []byte) {
	var decoded any // package json is quicker with any than with a map
	if err := json.Unmarshal(body, &decoded); err != nil {
		decoded = nil
	}
	object, _ := decoded.(map[string]any)
	patch := iothub.Properties(object) // if nil, it has no version, so that the twin will be read
	c.mu.Lock()
	defer c.mu.Unlock()
	if from != c.conn || c.readers == 0 {
		return // nobody wants to know, or the read that is still to come will be newer
	}
	c.deliver(c.tracker.notification(patch))
	if !c.tracker.inSync {
		c.wake()
	}
}

// deliver hands changes to all queues, to each its own copy. c.mu is held.
func (c *Client) deliver(changes []change) {
	for _, change := range changes {
		left := len(c.queues)
		for queue := range c.queues {
			own := change
			if left--; left > 0 { // the last one gets the original
				own.patch = mergepatch.Clone(map[string]any(change.patch)).(map[string]any)
			}
			queue.put(own)
		}
	}
}

// wake makes keepInSync look whether the twin has to be read.
func (c *Client) wake() {
	select {
	case c.outOfSync <- struct{}{}:
	default:
	}
}

// keepInSync reads the twin whenever changes may have been missed, until ctx
// ends.
func (c *Client) keepInSync(ctx context.Context) {
	for {
		select {
		case <-c.outOfSync:
		case <-ctx.Done():
			return
		}
		for attempt := 0; c.needsRead(); attempt++ {
			if err := c.catchUp(ctx, attempt); err != nil && c.needsRead() {
				c.log.Warn("the twin cannot be read, trying again", "error", err)
			}
		}
	}
}

func (c *Client) needsRead() bool {
	_, needed := c.reasonToRead()
	return needed
}

// catchUp reads the twin and delivers what that shows to have been missed, if
// nobody else has done so meanwhile. Reads after the first, if one was not
// enough, are put off more and more.
func (c *Client) catchUp(ctx context.Context, attempt int) error {
	if attempt > 0 {
		if err := c.pause(ctx, c.timings.retry.Pause(attempt-1)); err != nil {
			return err
		}
	}
	select { // one read at a time: of two, the older response might be the last to be heard
	case c.reading <- struct{}{}:
		defer func() { <-c.reading }()
	case <-c.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	return c.retry(ctx, func(conn *connection) error {
		epoch, needed := c.reasonToRead()
		if !needed {
			return nil
		}
		twin, err := c.readTwin(ctx, conn)
		if err != nil {
			return err
		}
		c.reportCaughtUp(twin.Properties.Desired.Version()) // first, so that users read of it first
		return c.takeRead(conn, epoch, twin.Properties.Desired)
	})
}

// reasonToRead reports whether a read is needed, and the epoch of the reason.
func (c *Client) reasonToRead() (epoch int, needed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tracker.epoch, c.ended == nil && c.readers > 0 && !c.tracker.inSync
}

// takeRead takes what was read. It has to have come over the same connection
// as the notifications: on one that is lost meanwhile, the response is older than
// what was missed since. The like goes for other reasons to read again.
func (c *Client) takeRead(conn *connection, epoch int, desired iothub.Properties) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.conn != conn:
		return errConnectionLost
	case c.tracker.epoch == epoch: // else the caller looks again
		c.deliver(c.tracker.read(desired))
	}
	return nil
}
