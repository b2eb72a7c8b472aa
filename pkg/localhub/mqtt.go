package localhub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// maxSilence caps the time after which a silent client is cut, whatever
// keep-alive it asked for.
const maxSilence = 1767 * time.Second

// maxSubscriptions is how many filters a device or module may hold.
const maxSubscriptions = 5

// errGoodbye ends a link by the client's wish.
var errGoodbye = errors.New("it said goodbye")

// serveMQTT speaks MQTT 3.1.1 with a client until it is gone. Everything
// that is wrong ends the connection, most of it without a word: see
// https://learn.microsoft.com/azure/iot/iot-mqtt-connect-to-iot-hub.
func (h *Hub) serveMQTT(conn net.Conn, w *wire) {
	defer conn.Close()
	conn.SetReadDeadline(time.Now().Add(h.options.SignInTimeout))
	packet, err := readPacket(conn, maxConnect)
	connect, isConnect := packet.(*packets.ConnectPacket)
	if err != nil || !isConnect {
		h.log.Warn("MQTT refused: no CONNECT came", "from", w.RemoteAddr(), "error", plain(err))
		return
	}
	l := h.signIn(connect, conn, w)
	if l == nil {
		return
	}
	expiry := time.AfterFunc(time.Until(l.token.Expiry.Add(h.options.TokenGrace)), func() { l.cut("its token has expired") })
	defer expiry.Stop()
	l.read(patience(connect.Keepalive))
	l.leave()
}

// patience is how long a client may be silent: one and a half times its
// keep-alive.
func patience(keepAlive uint16) time.Duration {
	if keepAlive == 0 {
		return maxSilence
	}
	return min(maxSilence, time.Duration(keepAlive)*time.Second*3/2)
}

// read handles packets until the link ends.
func (l *link) read(patience time.Duration) {
	for {
		l.conn.SetReadDeadline(time.Now().Add(patience))
		packet, err := readPacket(l.conn, maxPacket)
		if err == nil {
			err = l.handle(packet)
		}
		if err != nil {
			l.cut(plain(err))
			return
		}
	}
}

// handle does what packet asks for. An error ends the link.
func (l *link) handle(packet packets.ControlPacket) error {
	switch packet := packet.(type) {
	case *packets.PublishPacket:
		return l.handlePublish(packet)
	case *packets.SubscribePacket:
		return l.handleSubscribe(packet)
	case *packets.UnsubscribePacket:
		return l.handleUnsubscribe(packet)
	case *packets.PingreqPacket:
		l.send(pack(packets.NewControlPacket(packets.Pingresp)))
		return nil
	case *packets.PubackPacket:
		return nil
	case *packets.DisconnectPacket:
		l.will = false
		return errGoodbye
	default:
		return fmt.Errorf("a packet of type %T in the middle of things", packet)
	}
}

// leave gives up the link's place and waits for its goroutines. A will
// counts as a message, unless the client said goodbye.
func (l *link) leave() {
	e := l.entity
	e.mu.Lock()
	if l.will {
		e.telemetry++
	}
	if e.link == l {
		e.link = nil
		e.linkChanged = time.Now()
	}
	e.wake()
	e.mu.Unlock()
	l.tasks.Wait()
	l.hub.log.Info(fmt.Sprintf("%s is disconnected: %s", e.key, l.reason))
}

// handlePublish takes telemetry, twin requests and answers to methods, and
// nothing else.
func (l *link) handlePublish(packet *packets.PublishPacket) error {
	if len(packet.Payload) > maxMessage {
		return fmt.Errorf("a message of %d bytes, the limit is %d", len(packet.Payload), maxMessage)
	}
	topic := packet.TopicName
	switch {
	case cutPrefix(&topic, topicTwinGet):
		return l.handleTwinGet(packet, topic)
	case cutPrefix(&topic, topicReported):
		return l.handleReported(packet, topic)
	case cutPrefix(&topic, topicMethodAnswer):
		l.acknowledge(packet) // there are no calls, so it comes too late: ignored, as in Azure
		return nil
	case l.entity.key.isTelemetry(topic):
		l.acknowledge(packet)
		l.countTelemetry()
		return nil
	}
	return fmt.Errorf("a message to topic %.200q", packet.TopicName)
}

func cutPrefix(s *string, prefix string) bool {
	if len(*s) < len(prefix) || (*s)[:len(prefix)] != prefix {
		return false
	}
	*s = (*s)[len(prefix):]
	return true
}

// acknowledge says that packet was received, not that it was any good.
func (l *link) acknowledge(packet *packets.PublishPacket) {
	if packet.Qos > 0 {
		l.send(packPuback(packet.MessageID))
	}
}

func (l *link) countTelemetry() {
	l.entity.mu.Lock()
	defer l.entity.mu.Unlock()
	l.entity.telemetry++
	l.entity.lastActive = time.Now()
	l.entity.wake()
}

// plain describes the end of a connection for people.
func plain(err error) string {
	switch {
	case err == nil:
		return "another packet came first"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the client closed the connection"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "the client was silent for too long"
	}
	return err.Error()
}
