package mqtt

import (
	"fmt"
	"strings"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// handlePublish takes telemetry, twin requests and responses to methods, and
// nothing else.
func (c *connection) handlePublish(packet *packets.PublishPacket) error {
	if len(packet.Payload) > maxMessage {
		return fmt.Errorf("a message of %d bytes, the limit is %d", len(packet.Payload), maxMessage)
	}
	topic := packet.TopicName
	if rest, found := strings.CutPrefix(topic, topicTwinGet); found {
		return c.handleTwinGet(packet, rest)
	}
	if rest, found := strings.CutPrefix(topic, topicReported); found {
		return c.handleReport(packet, rest)
	}
	switch {
	case strings.HasPrefix(topic, topicMethodResponse): // no method was called, so it comes too late: ignored, as in Azure
		c.acknowledge(packet)
		return nil
	case isTelemetry(c.client.ID(), topic):
		c.acknowledge(packet)
		c.client.CountTelemetry()
		return nil
	}
	return fmt.Errorf("a message to topic %.200q", topic)
}

// acknowledge says that packet was received, not that it was any good.
func (c *connection) acknowledge(packet *packets.PublishPacket) {
	if packet.Qos > 0 {
		c.send(encodePuback(packet.MessageID))
	}
}
