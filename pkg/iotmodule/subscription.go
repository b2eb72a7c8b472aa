package iotmodule

import (
	"context"
	"iter"

	"moduletwin/pkg/internal/mergepatch"
	"moduletwin/pkg/iothub"
)

// Subscription delivers the changes of the desired properties of a module twin.
// It is returned by [Client.SubscribeDesired] and safe for concurrent use.
type Subscription struct {
	state map[string]any // the state that the changes start from; never written to
	queue *queue
	end   func() // removes the queue from the follower
}

// SubscribeDesired subscribes to the changes of the module's desired
// properties. When it returns, the hub has acknowledged the subscription. From
// then on, every change is delivered, in order and only once:
//
//   - A lost connection is not an error. Changes that were missed arrive as one
//     patch, the exact difference between the last known and the current desired
//     properties. If nothing has changed, no patch arrives.
//   - Versions increase. They start again only if the identity was deleted and
//     created anew; then a patch leads to the new state.
//   - A slow reader does not delay others. Up to 1,024 patches wait one by one;
//     if there are more, they are merged into one with the same effect.
//
// It waits for the hub like [Client.GetTwin], and returns the same errors. The
// subscription ends when ctx is done, and with [Subscription.Close] or
// [Client.Close]. A client can have any number of subscriptions; each gets
// every change.
//
// See https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-module-twins#module-operations.
func (c *Client) SubscribeDesired(ctx context.Context) (*Subscription, error) {
	subscription, err := c.follower.subscribe(ctx)
	if err != nil {
		return nil, c.wrap("subscribe to the desired properties", err)
	}
	return subscription, nil
}

// Patches returns the changes as merge patches with their "$version". A nil
// value means that a property was removed. The caller may modify the patches.
//
// Ranging waits for the next change. It ends without an error when the
// subscription ends, even if patches are still waiting. When the client has
// given up (see [Client]), it yields the waiting patches and then the error.
// Leaving the loop does not end the subscription: ranging again continues with
// the next patch. If several goroutines range at the same time, each patch goes
// to one of them, and the error to all.
func (s *Subscription) Patches() iter.Seq2[iothub.Properties, error] {
	return func(yield func(iothub.Properties, error) bool) {
		for {
			patch, err, more := s.queue.take()
			if !more || !yield(patch, err) || err != nil {
				return
			}
		}
	}
}

// State returns the desired properties, with "$version", as they were before
// the first patch. Merging each patch into them gives exactly the state of the
// hub. (Do not merge patches into the result of [Client.GetTwin]: a patch that
// replaces several is only exact for this state.) The caller may modify the
// map.
func (s *Subscription) State() iothub.Properties {
	return iothub.Properties(mergepatch.Merge(nil, s.state))
}

// Close ends the subscription, and the loops that range over its patches. It
// may be called more than once.
func (s *Subscription) Close() { s.end() }
