//go:build linux

package bench

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/iothub"
)

const desired = "$iothub/twin/PATCH/properties/desired/#"

// newHubFleet prepares n modules of a hub.
func newHubFleet(b *testing.B, n int) *fleet {
	b.Helper()
	f := newFleet(b, "hub", n)
	modules := make([]iothub.ConnectionString, n)
	for i := range modules {
		modules[i] = parse(b, f.server.ask(b, "module d%d m%d", i/50, i)) // a device has at most 50 modules
	}
	policy := parse(b, f.server.ask(b, "policy"))
	token := policy.NewSASToken(time.Now().Add(time.Hour)).Reveal()
	f.connect = func(i int, conn net.Conn) error { return signIn(conn, modules[i]) }
	f.receive = receivePublish
	f.each = func() { f.server.ask(b, "patch") }
	f.sender = func() func(int, net.Conn) error {
		rest, err := tls.Dial("tcp", f.server.address, f.config)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { rest.Close() })
		answers := bufio.NewReader(rest)
		return func(i int, _ net.Conn) error { return patch(rest, answers, token, modules[i]) }
	}
	return f
}

func parse(b *testing.B, text string) iothub.ConnectionString {
	b.Helper()
	c, err := iothub.ParseConnectionString(text)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// patch changes a module's desired properties, with as little work as HTTP
// allows.
func patch(conn io.Writer, answers *bufio.Reader, token string, m iothub.ConnectionString) error {
	const body = `{"properties":{"desired":{"telemetryInterval":122}}}`
	fmt.Fprintf(conn, "PATCH /twins/%s/modules/%s?api-version=2021-04-12 HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\n"+
		"Content-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s", m.DeviceID, m.ModuleID, m.HostName, token, len(body), body)
	resp, err := http.ReadResponse(answers, nil)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %w", resp.Status, err)
	}
	return nil
}

// signIn connects a module and subscribes.
func signIn(conn net.Conn, m iothub.ConnectionString) error {
	connect, subscribe := opening(m)
	if _, err := conn.Write(connect); err != nil {
		return err
	}
	if answer, err := packets.ReadPacket(conn); err != nil || answer.(*packets.ConnackPacket).ReturnCode != 0 {
		return fmt.Errorf("CONNACK: %v, %w", answer, err)
	}
	if _, err := conn.Write(subscribe); err != nil {
		return err
	}
	if answer, err := packets.ReadPacket(conn); err != nil || answer.(*packets.SubackPacket).ReturnCodes[0] != 1 {
		return fmt.Errorf("SUBACK: %v, %w", answer, err)
	}
	return nil
}

// opening returns the first two packets that a module sends.
func opening(m iothub.ConnectionString) (connect, subscribe []byte) {
	c := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	c.ProtocolName, c.ProtocolVersion = "MQTT", 4
	c.ClientIdentifier = m.DeviceID + "/" + m.ModuleID
	c.UsernameFlag, c.Username = true, m.Host()+"/"+c.ClientIdentifier+"/?api-version=2021-04-12"
	c.PasswordFlag, c.Password = true, []byte(m.NewSASToken(time.Now().Add(time.Hour)).Reveal())
	s := packets.NewControlPacket(packets.Subscribe).(*packets.SubscribePacket)
	s.MessageID, s.Topics, s.Qoss = 1, []string{desired}, []byte{1}
	return pack(c), pack(s)
}

func pack(packet packets.ControlPacket) []byte {
	var b bytes.Buffer
	packet.Write(&b)
	return b.Bytes()
}

// receivePublish waits for a notification and acknowledges it.
func receivePublish(conn net.Conn, arrived func()) error {
	packet, err := packets.ReadPacket(conn)
	if err != nil {
		return err
	}
	arrived()
	ack := packets.NewControlPacket(packets.Puback).(*packets.PubackPacket)
	ack.MessageID = packet.(*packets.PublishPacket).MessageID
	_, err = conn.Write(pack(ack))
	return err
}
