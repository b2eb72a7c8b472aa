package mqtt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

const (
	maxConnect = 128 << 10 // bytes of a CONNECT, will included
	maxMessage = 256 << 10 // bytes of the message in a PUBLISH
)

// readPacket reads one MQTT packet of at most limit bytes. It checks the length
// before it allocates memory, and it checks flags, lengths and strings, as the
// codec does not.
func readPacket(r io.Reader, limit int) (packets.ControlPacket, error) {
	var first [1]byte
	if _, err := io.ReadFull(r, first[:]); err != nil {
		return nil, err
	}
	header := packets.FixedHeader{
		MessageType: first[0] >> 4,
		Dup:         first[0]&8 != 0,
		Qos:         first[0] >> 1 & 3,
		Retain:      first[0]&1 != 0,
	}
	if err := checkFlags(header, first[0]&15); err != nil {
		return nil, err
	}
	var err error
	if header.RemainingLength, err = readLength(r); err != nil {
		return nil, err
	}
	if header.RemainingLength > limit {
		return nil, fmt.Errorf("a packet of %d bytes exceeds the limit of %d", header.RemainingLength, limit)
	}
	packet, err := packets.NewControlPacketWithHeader(header)
	if err != nil {
		return nil, err
	}
	body := make([]byte, header.RemainingLength)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	return packet, decode(packet, body)
}

// checkFlags checks the packet's type and flags: by section 2.2.2 of MQTT
// 3.1.1, and for QoS 2, which IoT Hub does not support.
func checkFlags(header packets.FixedHeader, flags byte) error {
	want := byte(0)
	switch header.MessageType {
	case packets.Publish:
		if header.Qos > 1 {
			return fmt.Errorf("a PUBLISH at QoS %d: IoT Hub supports 0 and 1", header.Qos)
		}
		return nil
	case packets.Subscribe, packets.Unsubscribe:
		want = 2
	case packets.Connect, packets.Puback, packets.Pingreq, packets.Disconnect:
	default:
		return fmt.Errorf("a packet of type %d, which no client sends to an IoT hub", header.MessageType)
	}
	if flags != want {
		return fmt.Errorf("a malformed packet: flags %#x in packet type %d", flags, header.MessageType)
	}
	return nil
}

// readLength reads a remaining length, which takes one to four bytes.
func readLength(r io.Reader) (int, error) {
	var digit [1]byte
	length := 0
	for shift := 0; shift < 28; shift += 7 {
		if _, err := io.ReadFull(r, digit[:]); err != nil {
			return 0, err
		}
		length |= int(digit[0]&127) << shift
		if digit[0]&128 == 0 {
			return length, nil
		}
	}
	return 0, errors.New("a malformed packet: its length has no end")
}

// mqtt311 is how the body of every CONNECT of MQTT 3.1.1 begins: with the name
// and level of the protocol.
var mqtt311 = []byte("\x00\x04MQTT\x04")

// errVersion is the error for a CONNECT of another MQTT version, whose other
// fields may be laid out differently.
var errVersion = errors.New("it does not speak MQTT 3.1.1")

// decode decodes body into packet. Bytes that are left over are an error.
func decode(packet packets.ControlPacket, body []byte) error {
	if _, isConnect := packet.(*packets.ConnectPacket); isConnect && len(body) > len(mqtt311) && !bytes.HasPrefix(body, mqtt311) {
		return errVersion
	}
	rest := exactReader(body)
	if err := packet.Unpack(&rest); err != nil || len(rest) > 0 {
		return errors.New("a malformed packet: its fields do not match its length")
	}
	if needsID(packet) && packet.Details().MessageID == 0 {
		return errors.New("a malformed packet: its id is 0")
	}
	if connect, is := packet.(*packets.ConnectPacket); is && connect.ReservedBit != 0 {
		return errors.New("a malformed packet: a reserved flag is set")
	}
	if unsubscribe, is := packet.(*packets.UnsubscribePacket); is && lengthOf(unsubscribe) != len(body) {
		return errors.New("a malformed packet: its fields do not match its length") // the codec does not notice
	}
	for _, text := range texts(packet) {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return errors.New("a malformed packet: a text is not UTF-8")
		}
	}
	return nil
}

func lengthOf(packet *packets.UnsubscribePacket) int {
	length := 2 // the id
	for _, topic := range packet.Topics {
		length += 2 + len(topic)
	}
	return length
}

func needsID(packet packets.ControlPacket) bool {
	switch packet := packet.(type) {
	case *packets.PublishPacket:
		return packet.Qos > 0
	case *packets.SubscribePacket, *packets.UnsubscribePacket, *packets.PubackPacket:
		return true
	}
	return false
}

func texts(packet packets.ControlPacket) []string {
	switch packet := packet.(type) {
	case *packets.ConnectPacket:
		return []string{packet.ClientIdentifier, packet.Username, packet.WillTopic}
	case *packets.PublishPacket:
		return []string{packet.TopicName}
	case *packets.SubscribePacket:
		return packet.Topics
	case *packets.UnsubscribePacket:
		return packet.Topics
	}
	return nil
}

// exactReader reads exactly as many bytes as are asked for, or returns an
// error: the codec does not notice when it gets fewer.
type exactReader []byte

func (r *exactReader) Read(p []byte) (int, error) {
	if len(p) > len(*r) {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, *r)
	*r = (*r)[n:]
	return n, nil
}
