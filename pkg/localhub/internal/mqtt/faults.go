package mqtt

import (
	"io"
	"net"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub/fault"
	"moduletwin/pkg/localhub/internal/faults"
	"moduletwin/pkg/localhub/internal/huberror"
	"moduletwin/pkg/localhub/internal/network"
	"moduletwin/pkg/localhub/internal/registry"
)

// injectBeforeSignIn injects the failures that take effect before or instead of
// a CONNACK. It returns what is left of failure for the CONNACK, and whether
// the sign-in goes on.
func injectBeforeSignIn(failure fault.Failure, conn net.Conn, socket *network.Conn) (left fault.Failure, goesOn bool) {
	switch failure.Kind {
	case fault.KindCut:
		socket.Close()
	case fault.KindCutReset:
		socket.Reset()
	case fault.KindSilence:
		conn.SetReadDeadline(time.Time{})
		io.Copy(io.Discard, conn) // until the client disconnects
	case fault.KindGarbage:
		conn.Write(faults.Garbage)
	case fault.KindStatus:
		conn.Write(encodeConnack(byte(failure.Status), false))
	case fault.KindLate:
		return fault.Failure{}, socket.Pause(failure.Delay)
	default:
		return failure, true
	}
	return fault.Failure{}, false
}

// injectInsteadOfSuback injects the failures that replace a SUBACK, and reports
// whether failure is one of them.
func (c *connection) injectInsteadOfSuback(failure fault.Failure, packet *packets.SubscribePacket) bool {
	switch failure.Kind {
	case fault.KindStatus:
		codes := make([]byte, len(packet.Topics))
		for i := range codes {
			codes[i] = 0x80
		}
		c.send(encodeSuback(packet.MessageID, codes))
	case fault.KindGarbage:
		c.send(faults.Garbage)
	default:
		return c.injectInstead(failure)
	}
	return true
}

// injectInstead injects the failures that replace a response or notification,
// and reports whether failure is one of them.
func (c *connection) injectInstead(failure fault.Failure) bool {
	switch failure.Kind {
	case fault.KindCut, fault.KindCutReset:
		c.end(failure)
	case fault.KindSilence:
	default:
		return false
	}
	return true
}

// injectTwinResponse injects the failures that answer a twin request without
// carrying it out, and reports whether failure is one of them. garbled is the
// status of a response with garbage.
func (c *connection) injectTwinResponse(failure fault.Failure, r twinRequest, garbled int) bool {
	switch failure.Kind {
	case fault.KindStatus:
		c.refuseRequest(r, fault.Failure{}, huberror.Injected(failure.Status))
	case fault.KindGarbage:
		c.client.Subscriptions(func(s registry.Subscriptions) {
			c.respondTo(r, fault.Failure{}, s, garbled, 0, faults.Garbage)
		})
	default:
		return false
	}
	return true
}

// injectNotification returns what is left of failure for sending the
// notification, the payload to send, and whether the connection ends after the
// notification.
func injectNotification(failure fault.Failure, payload []byte) (left fault.Failure, sent []byte, last bool) {
	switch failure.Kind {
	case fault.KindGarbage:
		return fault.Failure{}, faults.Garbage, false
	case fault.KindLoseResponse:
		return fault.Failure{}, payload, true
	}
	return failure, payload, false
}

// publish is respond for a PUBLISH at the QoS of a subscription.
func (c *connection) publish(failure fault.Failure, topic string, qos byte, payload []byte) (dropped string) {
	return c.respond(failure, encodePublish(topic, c.nextID(qos), payload))
}

// respond sends packet as failure demands. dropped says why packet is not sent
// in full, "" if it is.
func (c *connection) respond(failure fault.Failure, packet []byte) (dropped string) {
	switch failure.Kind {
	case fault.KindCutHalfway:
		c.sendLast(packet[:(len(packet)+1)/2])
		return "fault " + failure.String()
	case fault.KindLoseResponse:
		c.end(fault.Cut())
		return "fault " + failure.String()
	case fault.KindDuplicate:
		dropped = c.send(packet)
		c.send(packet)
		return dropped
	case fault.KindLate:
		return c.sendLater(failure.Delay, packet)
	}
	return c.send(packet)
}

func (c *connection) sendLater(d time.Duration, packet []byte) (dropped string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason != "" {
		return c.reason
	}
	c.tasks.Go(func() {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			c.send(packet)
		case <-c.ended:
		}
	})
	return ""
}

// end injects Cut or CutReset.
func (c *connection) end(failure fault.Failure) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if failure.Kind == fault.KindCutReset && c.reason == "" {
		c.socket.Reset()
	}
	c.cutLocked("the hub was told to cut the connection (" + failure.String() + ")")
}

// Disconnect ends the connection of a device or module by Cut or CutReset, and
// reports whether there was one.
func (s *Server) Disconnect(id registry.ID, failure fault.Failure) bool {
	snapshot, err := s.Registry.Get(id)
	return err == nil && s.disconnect(snapshot, failure)
}

// DisconnectAll ends all connections and returns how many there were.
func (s *Server) DisconnectAll(failure fault.Failure) (n int) {
	for _, snapshot := range s.Registry.All() {
		if s.disconnect(snapshot, failure) {
			n++
		}
	}
	return n
}

func (s *Server) disconnect(snapshot registry.Snapshot, failure fault.Failure) bool {
	c, connected := snapshot.Connection.(*connection)
	if connected {
		s.Faults.Count("Disconnect", c)
		c.end(failure)
	}
	return connected
}

// ExpireTokens ends all connections as if their tokens had expired, and
// refuses those tokens from now on.
func (s *Server) ExpireTokens() {
	s.Faults.Count("ExpireTokens", nil)
	var connections []*connection
	var tokens []iothub.SASToken
	for _, snapshot := range s.Registry.All() {
		if c, connected := snapshot.Connection.(*connection); connected {
			connections, tokens = append(connections, c), append(tokens, c.token)
		}
	}
	s.Auth.Expire(tokens...)
	for _, c := range connections {
		c.Cut("its token was made to expire")
	}
}
