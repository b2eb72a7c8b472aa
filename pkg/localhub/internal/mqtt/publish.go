package mqtt

import (
	"fmt"
	"strings"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// handlePublish accepts telemetry, twin requests and responses to direct
// methods, and nothing else.
func (c *connection) handlePublish(packet *packets.PublishPacket) error {
	if len(packet.Payload) > maxMessage {
		return fmt.Errorf("a message of %d bytes exceeds the limit of %d", len(packet.Payload), maxMessage)
	}
	topic := packet.TopicName
	if rest, found := strings.CutPrefix(topic, topicTwinGet); found {
		return c.handleTwinGet(packet, rest)
	}
	if rest, found := strings.CutPrefix(topic, topicReported); found {
		return c.handleReport(packet, rest)
	}
	switch {
	case strings.HasPrefix(topic, topicMethodResponse): // the hub never calls a method; ignored, like a late response in Azure
		c.acknowledge(packet)
		return nil
	case isTelemetry(c.client.ID(), topic):
		c.acknowledge(packet)
		c.client.CountTelemetry()
		return nil
	}
	return fmt.Errorf("a message to the unknown topic %.200q", topic)
}

// acknowledge confirms that packet was received, not that it was valid.
func (c *connection) acknowledge(packet *packets.PublishPacket) {
	if packet.Qos > 0 {
		c.send(encodePuback(packet.MessageID))
	}
}
