package localhub_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// testTimeout is how long tests wait for what has to happen, which may take a
// while on a busy machine.
const testTimeout = time.Minute

// client speaks MQTT packet by packet.
type client struct {
	t testing.TB
	net.Conn
}

// dial opens a connection on which nothing has been sent yet.
func dial(t testing.TB, hub *localhub.Hub) *client {
	t.Helper()
	conn, err := tls.Dial("tcp", hub.HostName(), &tls.Config{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(testTimeout))
	return &client{t, conn}
}

// connect returns a CONNECT packet like those of the official SDKs.
func connect(identity iothub.ConnectionString) *packets.ConnectPacket {
	packet := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	packet.ProtocolName, packet.ProtocolVersion = "MQTT", 4
	packet.Keepalive = 60
	packet.ClientIdentifier = identity.DeviceID
	if identity.ModuleID != "" {
		packet.ClientIdentifier += "/" + identity.ModuleID
	}
	packet.UsernameFlag, packet.PasswordFlag = true, true
	packet.Username = identity.Host() + "/" + packet.ClientIdentifier + "/?api-version=2021-04-12&DeviceClientType=test"
	packet.Password = []byte(identity.NewSASToken(time.Now().Add(time.Hour)).Reveal())
	return packet
}

// signIn connects as identity and returns the client and sessionPresent.
func signIn(t testing.TB, hub *localhub.Hub, identity iothub.ConnectionString) (*client, bool) {
	t.Helper()
	c := dial(t, hub)
	c.send(connect(identity))
	connack := expect[*packets.ConnackPacket](c)
	if connack.ReturnCode != 0 {
		t.Fatalf("CONNACK code %d", connack.ReturnCode)
	}
	return c, connack.SessionPresent
}

func (c *client) send(packet packets.ControlPacket) {
	c.t.Helper()
	if err := packet.Write(c); err != nil {
		c.t.Fatal(err)
	}
}

// subscribe subscribes to filters at QoS 1 and checks that it is granted.
func (c *client) subscribe(filters ...string) {
	c.t.Helper()
	packet := packets.NewControlPacket(packets.Subscribe).(*packets.SubscribePacket)
	packet.MessageID, packet.Topics = 7, filters
	for range filters {
		packet.Qoss = append(packet.Qoss, 1)
	}
	c.send(packet)
	suback := expect[*packets.SubackPacket](c)
	for _, code := range suback.ReturnCodes {
		if code != 1 {
			c.t.Fatalf("SUBACK codes %v, want only 1", suback.ReturnCodes)
		}
	}
}

// publish sends at QoS 0.
func (c *client) publish(topic, payload string) {
	c.t.Helper()
	packet := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	packet.TopicName, packet.Payload = topic, []byte(payload)
	c.send(packet)
}

// request publishes a request and returns topic and body of the response.
func (c *client) request(topic, payload string) (string, string) {
	c.t.Helper()
	c.SetDeadline(time.Now().Add(testTimeout)) // extended, because a test may make many requests
	c.publish(topic, payload)
	response := expect[*packets.PublishPacket](c)
	return response.TopicName, string(response.Payload)
}

// expect reads a packet of type P.
func expect[P packets.ControlPacket](c *client) P {
	c.t.Helper()
	packet, err := packets.ReadPacket(c)
	if err != nil {
		c.t.Fatalf("waiting for a packet: %v", err)
	}
	wanted, ok := packet.(P)
	if !ok {
		c.t.Fatalf("got %v", packet)
	}
	return wanted
}

// expectEnd checks that the connection ends without another byte.
func (c *client) expectEnd() {
	c.t.Helper()
	c.expectRest("")
}

// expectRest reads to the end of the connection and checks that exactly want
// comes before it.
func (c *client) expectRest(want string) {
	c.t.Helper()
	if rest := c.readRest(); rest != want {
		c.t.Errorf("got %q before the end, want %q", rest, want)
	}
}

// readRest reads to the end of the connection, and fails if the connection
// stays open.
func (c *client) readRest() string {
	c.t.Helper()
	rest, err := io.ReadAll(c)
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		c.t.Fatal("the connection is still open")
	}
	return string(rest)
}

// expectAlive checks that the connection is still open and that nothing else is
// waiting to be read.
func (c *client) expectAlive() {
	c.t.Helper()
	c.send(packets.NewControlPacket(packets.Pingreq))
	expect[*packets.PingrespPacket](c)
}

func contains(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s is %s, which lacks %s", what, text, part)
		}
	}
}
