package iotmodule

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"moduletwin/pkg/internal/backoff"
	"moduletwin/pkg/internal/mergepatch"
	"moduletwin/pkg/iothub"
)

// SubscribeDesired returns the changes of the module's desired properties, as
// merge patches with their "$version"; nil means that a property was removed.
// When it returns, the hub has acknowledged the subscription and the state of
// that moment is known. From then on every change arrives, in order, none
// twice:
//
//   - A lost connection is not an error. What was missed comes as one patch,
//     the exact difference between the desired properties last seen and the
//     present ones; nothing comes if nothing has changed.
//   - The versions rise. Only after the identity was deleted and created anew
//     do they start over, with a patch that leads to the new state.
//   - A slow reader delays nobody. Up to 1,024 patches wait one by one;
//     beyond that, those that wait become one with the same effect.
//
// The state itself is not delivered: read it with [Client.GetTwin] after
// subscribing, and pass over patches that are not newer.
//
// The sequence ends quietly when ctx is done or the client is closed. It
// yields one last error when the hub keeps refusing the module. Leaving the
// loop and ranging again goes on with the next patch. The patches are the
// caller's to change.
//
// See https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-module-twins#module-operations.
func (c *Client) SubscribeDesired(ctx context.Context) (iter.Seq2[iothub.Properties, error], error) {
	feed, err := c.openFeed(ctx)
	if err != nil {
		return nil, fmt.Errorf("iotmodule: subscribe to the desired properties of %s: %w", c.module.Owner(), err)
	}
	return func(yield func(iothub.Properties, error) bool) {
		for {
			patch, err, more := feed.take(ctx, c.closing)
			if !more || !yield(patch, err) {
				return
			}
		}
	}, nil
}

// openFeed returns a feed that begins with a state that was read after the
// hub had acknowledged the subscription.
func (c *Client) openFeed(ctx context.Context) (*feed, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readers++ // from now on, notifications count
	for attempt := 0; !c.tracker.inSync; attempt++ {
		c.mu.Unlock()
		err := c.catchUp(ctx, attempt)
		c.mu.Lock()
		if err != nil {
			c.dropReader()
			return nil, err
		}
	}
	feed := newFeed(c.tracker.properties)
	c.feeds[feed] = context.AfterFunc(ctx, func() { c.closeFeed(feed) })
	return feed, nil
}

func (c *Client) closeFeed(f *feed) {
	f.end(nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, open := c.feeds[f]; open {
		delete(c.feeds, f)
		c.dropReader()
	}
}

// dropReader stops following the twin when nobody is left to follow it for.
// c.mu is held.
func (c *Client) dropReader() {
	if c.readers--; c.readers == 0 {
		c.tracker = tracker{}
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

// deliver hands changes to all feeds, to each its own copy. c.mu is held.
func (c *Client) deliver(changes []change) {
	for _, change := range changes {
		shared := false
		for feed := range c.feeds {
			if shared {
				change.patch = mergepatch.Clone(map[string]any(change.patch)).(map[string]any)
			}
			feed.put(change)
			shared = true
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
			if err := c.catchUp(ctx, attempt); err != nil {
				c.log.Warn("the twin cannot be read, trying again", "error", err)
			}
		}
	}
}

func (c *Client) needsRead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended == nil && c.readers > 0 && !c.tracker.inSync
}

// catchUp reads the twin and delivers what that shows to have been missed.
// It has to come over the same connection as the notifications: on one that
// is lost meanwhile, the answer is older than what was missed since. Reads
// after the first, if one was not enough, are put off more and more.
func (c *Client) catchUp(ctx context.Context, attempt int) error {
	if attempt > 0 {
		if err := backoff.Wait(ctx, c.pace.retry.Pause(attempt-1)); err != nil {
			return err
		}
	}
	return c.persist(ctx, func(conn *connection) error {
		twin, err := c.readTwin(ctx, conn)
		if err != nil {
			return err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.conn != conn {
			return errLost
		}
		before := c.tracker.version
		missed := c.tracker.read(twin.Properties.Desired)
		c.reportBack("changesCaughtUp", max(0, c.tracker.version-before)) // first, so that users read of it first
		c.deliver(missed)
		return nil
	})
}
