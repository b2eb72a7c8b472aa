// Package mqtt speaks MQTT 3.1.1 with devices and modules as an IoT hub does:
// sign-in, subscriptions, twin requests, notifications of desired properties.
// It translates packets into operations of the registry. See
// https://learn.microsoft.com/azure/iot/iot-mqtt-connect-to-iot-hub.
package mqtt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/localhub/event"
	"moduletwin/pkg/localhub/internal/auth"
	"moduletwin/pkg/localhub/internal/faults"
	"moduletwin/pkg/localhub/internal/network"
	"moduletwin/pkg/localhub/internal/registry"
)

// Server serves MQTT clients. All its fields must be set.
type Server struct {
	Registry      *registry.Registry
	Auth          *auth.Auth
	Faults        *faults.Queue
	Events        *event.Stream
	Log           *slog.Logger
	Authenticated func(*network.Conn) // called when the client of this connection has signed in
	SignInTimeout time.Duration       // for reading a CONNECT, and for writing a refusal
}

// maxPacket is the largest packet that a client may send, in bytes: a message
// of 256 KB and its topic.
const maxPacket = 256<<10 + 64<<10

// maxKeepAlive caps the time after which a silent client is cut, whatever
// keep-alive it asked for.
const maxKeepAlive = 1767 * time.Second

// errDisconnected is why a connection ends after a DISCONNECT.
var errDisconnected = errors.New("the client signed out")

// errFailed is why a connection ends after a panic.
var errFailed = errors.New("the hub failed to serve it")

// Serve serves a client until its connection ends. conn carries MQTT packets
// over socket. Every error ends the connection, in most cases without telling
// the client.
func (s *Server) Serve(conn net.Conn, socket *network.Conn) {
	defer conn.Close()
	conn.SetReadDeadline(time.Now().Add(s.SignInTimeout))
	packet, err := readPacket(conn, maxConnect)
	connect, isConnect := packet.(*packets.ConnectPacket)
	if errors.Is(err, errVersion) {
		s.refuse(claim{}, socket, conn, packets.ErrRefusedBadProtocolVersion, err)
		return
	}
	if socket.HasClosed() { // the hub has closed it to make room for others
		return
	}
	if err != nil || !isConnect {
		s.Log.Warn("MQTT refused: no CONNECT came", "from", socket.RemoteAddr(), "error", describe(err))
		s.publishRefusal(claim{}, socket, errors.New("no CONNECT came: "+describe(err)))
		return
	}
	c, logSignIn := s.signIn(connect, conn, socket)
	if c == nil {
		return
	}
	expiry := time.AfterFunc(time.Until(c.token.Expiry.Add(s.Auth.Grace)), func() { c.Cut("its token has expired") })
	defer expiry.Stop()
	why := errFailed
	defer func() { c.leave(why) }() // runs after a panic, too, even one of the log
	logSignIn()
	why = c.readPackets(silenceLimit(connect.Keepalive))
}

// silenceLimit returns how long a client may be silent: one and a half times
// its keep-alive.
func silenceLimit(keepAlive uint16) time.Duration {
	if keepAlive == 0 {
		return maxKeepAlive
	}
	return min(maxKeepAlive, time.Duration(keepAlive)*time.Second*3/2)
}

// readPackets handles packets until the connection ends, and returns why.
func (c *connection) readPackets(silence time.Duration) error {
	in := silenceReader{c.conn, silence}
	for {
		packet, err := readPacket(in, maxPacket)
		if c.Ended() {
			return net.ErrClosed // what arrived after the end no longer counts
		}
		if err == nil {
			err = c.handle(packet)
		}
		if err != nil {
			return err
		}
	}
}

// silenceReader fails if nothing arrives for too long. Every byte counts as a
// sign of life, even if its packet arrives slowly.
type silenceReader struct {
	net.Conn
	limit time.Duration
}

func (r silenceReader) Read(p []byte) (int, error) {
	r.SetReadDeadline(time.Now().Add(r.limit))
	return r.Conn.Read(p)
}

// handle does what packet asks for. An error ends the connection.
func (c *connection) handle(packet packets.ControlPacket) error {
	switch packet := packet.(type) {
	case *packets.PublishPacket:
		return c.handlePublish(packet)
	case *packets.SubscribePacket:
		return c.handleSubscribe(packet)
	case *packets.UnsubscribePacket:
		return c.handleUnsubscribe(packet)
	case *packets.PingreqPacket:
		c.send(encode(packets.NewControlPacket(packets.Pingresp)))
		return nil
	case *packets.PubackPacket:
		return nil
	case *packets.DisconnectPacket:
		c.will = false
		return errDisconnected
	default:
		return fmt.Errorf("an unexpected packet of type %T", packet)
	}
}

// leave ends the connection, if it has not ended yet, removes it from the
// registry and waits for its goroutines. A will counts as telemetry, unless the
// client sent a DISCONNECT.
func (c *connection) leave(why error) {
	c.client.Leave(describe(why), c.will)
	c.tasks.Wait()
	c.logEnd()
}

// logEnd logs the end of the connection, only once and only after its
// beginning.
func (c *connection) logEnd() {
	c.logged.Do(func() {
		<-c.signInLogged // another client may replace this one before its sign-in is logged
		c.mu.Lock()
		reason := c.reason
		c.mu.Unlock()
		c.server.Log.Info(fmt.Sprintf("%s is disconnected: %s", c, reason), "from", c.RemoteAddr())
	})
}

// describe says in plain words why a connection ended.
func describe(err error) string {
	switch {
	case err == nil:
		return "the first packet was not a CONNECT"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the client closed the connection"
	case errors.Is(err, net.ErrClosed):
		return "the hub closed the connection"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "the client was silent for too long"
	}
	return err.Error() // what the client sent is quoted in it
}
