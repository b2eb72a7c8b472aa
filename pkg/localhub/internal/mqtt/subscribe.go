package mqtt

import (
	"errors"
	"fmt"
	"maps"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/localhub/event"
	"moduletwin/pkg/localhub/fault"
	"moduletwin/pkg/localhub/internal/registry"
)

// maxSubscriptions is how many filters a device or module may hold.
const maxSubscriptions = 5

// handleSubscribe grants the documented filters, at QoS 0 or 1. Any other
// filter ends the connection, as SDKs do not look at the return codes of a
// SUBACK.
func (c *connection) handleSubscribe(packet *packets.SubscribePacket) error {
	if len(packet.Topics) == 0 {
		return errors.New("a SUBSCRIBE without topic filters")
	}
	failure := c.server.Faults.Next(fault.Subscribe, c)
	if c.injectInsteadOfSuback(failure, packet) {
		return nil
	}
	codes := make([]byte, len(packet.Topics))
	wanted := make(registry.Subscriptions)
	for i, filter := range packet.Topics {
		switch {
		case !isFilter(c.client.ID(), filter):
			return fmt.Errorf("a subscription to the unknown topic %.200q", filter)
		case packet.Qoss[i] > 2:
			return fmt.Errorf("a subscription at the invalid QoS %d", packet.Qoss[i])
		}
		codes[i] = min(1, packet.Qoss[i])
		wanted[filter] = codes[i]
	}
	return c.client.Subscribe(func(s registry.Subscriptions) error {
		maps.Copy(s, wanted)
		if len(s) > maxSubscriptions {
			return fmt.Errorf("more than %d subscriptions", maxSubscriptions)
		}
		return nil
	}, func() {
		if _, desired := wanted[FilterDesired]; desired {
			c.publishEvent(event.Event{Kind: event.Subscribed})
		}
		c.respond(failure, encodeSuback(packet.MessageID, codes))
	})
}

func (c *connection) handleUnsubscribe(packet *packets.UnsubscribePacket) error {
	if len(packet.Topics) == 0 {
		return errors.New("an UNSUBSCRIBE without topic filters")
	}
	return c.client.Subscribe(func(s registry.Subscriptions) error {
		for _, filter := range packet.Topics {
			delete(s, filter)
		}
		return nil
	}, func() { c.send(encodeUnsuback(packet.MessageID)) })
}
