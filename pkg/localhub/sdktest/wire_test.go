package sdktest

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/gorilla/websocket"

	"moduletwin/pkg/internal/wsconn"
	"moduletwin/pkg/localhub"
)

// wire speaks MQTT packet by packet.
type wire struct {
	t testing.TB
	net.Conn
}

// dialer opens a connection on which nothing has been sent yet.
type dialer func(testing.TB, *localhub.Hub) net.Conn

func dialTLS(t testing.TB, hub *localhub.Hub) net.Conn {
	t.Helper()
	conn, err := tls.Dial("tcp", hub.HostName(), &tls.Config{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	return ready(t, conn)
}

func (w handshake) dial(t testing.TB, hub *localhub.Hub) net.Conn {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{w.subprotocol}, TLSClientConfig: &tls.Config{RootCAs: hub.RootCAs()}}
	ws, response, err := dialer.DialContext(t.Context(), "wss://"+hub.HostName()+wsconn.Path+w.query, nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if ws.Subprotocol() != w.subprotocol {
		t.Errorf("the subprotocol is %q, want %q", ws.Subprotocol(), w.subprotocol)
	}
	return ready(t, wsconn.New(ws))
}

func ready(t testing.TB, conn net.Conn) net.Conn {
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// connect signs in, and checks whether the hub remembers a session.
func (w *wire) connect(id, username, password string, keepAlive uint16, remembered bool) {
	w.t.Helper()
	packet := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	packet.ProtocolName, packet.ProtocolVersion, packet.Keepalive = "MQTT", 4, keepAlive
	packet.ClientIdentifier, packet.UsernameFlag, packet.PasswordFlag = id, true, true
	packet.Username, packet.Password = username, []byte(password)
	w.send(packet)
	connack := next[*packets.ConnackPacket](w)
	if connack.ReturnCode != packets.Accepted || connack.SessionPresent != remembered {
		w.t.Fatalf("CONNACK code %d, session present %v, want it %v", connack.ReturnCode, connack.SessionPresent, remembered)
	}
}

// subscribe sends one packet and checks that all its subscriptions are granted.
func (w *wire) subscribe(filters []filter) {
	w.t.Helper()
	packet := packets.NewControlPacket(packets.Subscribe).(*packets.SubscribePacket)
	packet.MessageID = 1
	var granted []byte
	for _, f := range filters {
		packet.Topics = append(packet.Topics, f.name)
		packet.Qoss = append(packet.Qoss, f.qos)
		granted = append(granted, f.qos)
	}
	w.send(packet)
	if suback := next[*packets.SubackPacket](w); string(suback.ReturnCodes) != string(granted) {
		w.t.Errorf("SUBACK codes %v, want %v", suback.ReturnCodes, granted)
	}
}

// publish sends a message and, at QoS 1, reads its acknowledgement.
func (w *wire) publish(topic, body string, qos byte) {
	w.t.Helper()
	packet := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	packet.TopicName, packet.Payload, packet.Qos = topic, []byte(body), qos
	if qos == 0 {
		w.send(packet)
		return
	}
	packet.MessageID = 2
	w.send(packet)
	next[*packets.PubackPacket](w)
}

// hear reads a message, checks its QoS and acknowledges it.
func (w *wire) hear(qos byte) (topic, body string) {
	w.t.Helper()
	message := next[*packets.PublishPacket](w)
	if message.Qos != qos || message.Retain || message.Dup {
		w.t.Errorf("QoS %d, retain %v, dup %v, want QoS %d", message.Qos, message.Retain, message.Dup, qos)
	}
	w.acknowledge(message)
	return message.TopicName, string(message.Payload)
}

func (w *wire) acknowledge(message *packets.PublishPacket) {
	w.t.Helper()
	if message.Qos > 0 {
		puback := packets.NewControlPacket(packets.Puback).(*packets.PubackPacket)
		puback.MessageID = message.MessageID
		w.send(puback)
	}
}

// expectEnd checks that the connection ends and nothing comes before that: MQTT
// 3.1.1 has no packet with which a server says goodbye.
func (w *wire) expectEnd() {
	w.t.Helper()
	rest, err := io.ReadAll(w)
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() || len(rest) > 0 {
		w.t.Errorf("%d bytes, then %v, want the end", len(rest), err)
	}
}

func (w *wire) send(packet packets.ControlPacket) {
	w.t.Helper()
	if err := packet.Write(w); err != nil {
		w.t.Fatal(err)
	}
}

// next reads a packet of type P.
func next[P packets.ControlPacket](w *wire) P {
	w.t.Helper()
	packet, err := packets.ReadPacket(w)
	if err != nil {
		w.t.Fatalf("waiting for a packet: %v", err)
	}
	wanted, ok := packet.(P)
	if !ok {
		w.t.Fatalf("got %v", packet)
	}
	return wanted
}
