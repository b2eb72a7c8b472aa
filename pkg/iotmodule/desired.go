package iotmodule

import (
	"context"
	"fmt"
	"iter"

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
	queue, state, err := c.follower.subscribe(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("iotmodule: subscribe to the desired properties of %s: %w", c.module.Owner(), err)
	}
	return state, func(yield func(iothub.Properties, error) bool) {
		for {
			patch, err, more := queue.take(ctx)
			if !more || !yield(patch, err) {
				return
			}
		}
	}, nil
}
