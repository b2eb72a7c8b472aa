package localhub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
	"unicode"

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
	if errors.Is(err, errVersion) {
		h.refuseSignIn("", conn, packets.ErrRefusedBadProtocolVersion, err)
		return
	}
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
	l.leave(l.read(patience(connect.Keepalive)))
}

// patience is how long a client may be silent: one and a half times its
// keep-alive.
func patience(keepAlive uint16) time.Duration {
	if keepAlive == 0 {
		return maxSilence
	}
	return min(maxSilence, time.Duration(keepAlive)*time.Second*3/2)
}

// read handles packets until the link ends, and returns why.
func (l *link) read(patience time.Duration) error {
	in := patientReader{l.conn, patience}
	for {
		packet, err := readPacket(in, maxPacket)
		if l.hasEnded() {
			return net.ErrClosed // what came behind the end counts no more
		}
		if err == nil {
			err = l.handle(packet)
		}
		if err != nil {
			return err
		}
	}
}

// patientReader fails when nothing comes for too long. Any byte is a sign of
// life, of a packet that comes slowly, too.
type patientReader struct {
	net.Conn
	patience time.Duration
}

func (r patientReader) Read(p []byte) (int, error) {
	r.SetReadDeadline(time.Now().Add(r.patience))
	return r.Conn.Read(p)
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

// leave ends the link, if that has not happened yet, gives up its place and
// waits for its goroutines. A will counts as a message, unless the client said
// goodbye.
func (l *link) leave(why error) {
	e := l.entity
	e.mu.Lock()
	l.cut(plain(why))
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
	e := l.entity
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.connected() == l {
		e.telemetry++
		e.lastActive = time.Now()
		e.wake()
	}
}

// plain describes the end of a connection for people.
func plain(err error) string {
	switch {
	case err == nil:
		return "another packet came first"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the client closed the connection"
	case errors.Is(err, net.ErrClosed):
		return "the hub closed the connection"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "the client was silent for too long"
	}
	return strings.Map(printable, err.Error()) // it may quote what the client sent
}

func printable(r rune) rune {
	if unicode.IsControl(r) {
		return '?'
	}
	return r
}
