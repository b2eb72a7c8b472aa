package mqtt

import (
	"bytes"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// encode returns packet in wire format.
func encode(packet packets.ControlPacket) []byte {
	var b bytes.Buffer
	packet.Write(&b) // never fails on a Buffer
	return b.Bytes()
}

func encodeConnack(code byte, sessionPresent bool) []byte {
	packet := packets.NewControlPacket(packets.Connack).(*packets.ConnackPacket)
	packet.ReturnCode, packet.SessionPresent = code, sessionPresent
	return encode(packet)
}

func encodePuback(id uint16) []byte {
	packet := packets.NewControlPacket(packets.Puback).(*packets.PubackPacket)
	packet.MessageID = id
	return encode(packet)
}

func encodeSuback(id uint16, codes []byte) []byte {
	packet := packets.NewControlPacket(packets.Suback).(*packets.SubackPacket)
	packet.MessageID, packet.ReturnCodes = id, codes
	return encode(packet)
}

func encodeUnsuback(id uint16) []byte {
	packet := packets.NewControlPacket(packets.Unsuback).(*packets.UnsubackPacket)
	packet.MessageID = id
	return encode(packet)
}

// encodePublish encodes a PUBLISH at QoS 1 or, if id is 0, at QoS 0.
func encodePublish(topic string, id uint16, payload []byte) []byte {
	packet := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	packet.TopicName, packet.MessageID, packet.Payload = topic, id, payload
	if id != 0 {
		packet.Qos = 1
	}
	return encode(packet)
}
