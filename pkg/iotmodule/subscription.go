package iotmodule

import (
	"context"
	"iter"

	"moduletwin/pkg/internal/mergepatch"
	"moduletwin/pkg/iothub"
)

// Subscription brings the changes of the desired properties of a module's
// twin. [Client.SubscribeDesired] begins one; it is safe for concurrent use.
type Subscription struct {
	state map[string]any // what the changes begin with; never written to
	queue *queue
	end   func() // takes the queue from the follower
}

// SubscribeDesired subscribes to the changes of the module's desired
// properties. When it returns, the hub has acknowledged the subscription. From
// then on every change arrives, in order, none twice:
//
//   - A lost connection is not an error. What was missed comes as one patch,
//     the exact difference between the desired properties last seen and the
//     present ones; nothing comes if nothing has changed.
//   - The versions rise. Only after the identity was deleted and created anew
//     do they start over, with a patch that leads to the new state.
//   - A slow reader delays nobody. Up to 1,024 patches wait one by one;
//     beyond that, those that wait become one with the same effect.
//
// Like [Client.GetTwin], and with the same errors, it waits until the hub has
// answered. The subscription ends when ctx is done, and with
// [Subscription.Close] or [Client.Close]. A client may have any number of them: each gets every change.
//
// See https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-module-twins#module-operations.
func (c *Client) SubscribeDesired(ctx context.Context) (*Subscription, error) {
	subscription, err := c.follower.subscribe(ctx)
	if err != nil {
		return nil, c.wrap("subscribe to the desired properties", err)
	}
	return subscription, nil
}

// Patches returns the changes, as merge patches with their "$version"; nil
// means that a property was removed. The patches are the caller's to change.
//
// Ranging waits for the next change. It ends quietly with the subscription,
// whether or not patches are still waiting, and yields one last error, after
// those, when the client has given up, see [Client]. Leaving the loop does not
// end the subscription: ranging again goes on with the next patch. Of several
// that range at a time, one gets each patch, and all get the error.
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
// the first patch. Merging every patch into them follows the hub exactly.
// (Merging patches into what [Client.GetTwin] returns may not: a patch that
// takes the place of several is exact for this state only.) The map is the
// caller's to change.
func (s *Subscription) State() iothub.Properties {
	return iothub.Properties(mergepatch.Merge(nil, s.state))
}

// Close ends the subscription, and with it whoever ranges over its patches. It
// may be called more than once.
func (s *Subscription) Close() { s.end() }
