package mqtt

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub/event"
	"moduletwin/pkg/localhub/fault"
	"moduletwin/pkg/localhub/internal/auth"
	"moduletwin/pkg/localhub/internal/network"
	"moduletwin/pkg/localhub/internal/registry"
)

// signIn lets a client in, or refuses it and returns nil. Every refusal tells
// the client "not authorized"; only the log gets the reason. When the hub
// itself fails, the client is told nothing. The caller has to see to it that
// the client leaves again, and then to call log.
func (s *Server) signIn(connect *packets.ConnectPacket, conn net.Conn, socket *network.Conn) (c *connection, log func()) {
	id, token, err := identify(connect)
	who := claim{id, connect.ClientIdentifier}
	failure := s.Faults.Next(fault.SignIn, who)
	failure, goesOn := injectBeforeSignIn(failure, conn, socket)
	if !goesOn {
		return nil, nil
	}
	if err != nil {
		s.refuse(who, socket, conn, packets.ErrRefusedNotAuthorised, err)
		return nil, nil
	}
	c = &connection{server: s, conn: conn, socket: socket, token: token, will: connect.WillFlag, ended: make(chan struct{}), signInLogged: make(chan struct{})}
	var present bool
	replaced, err := s.Registry.SignIn(id, c, connect.CleanSession,
		func(i *registry.Identity) error { return s.checkToken(token, id, i.Auth) },
		func(client *registry.Client, sessionPresent bool) {
			c.client, present = client, sessionPresent
			s.Authenticated(socket)
			c.publishEvent(event.Event{Kind: event.SignedIn, By: token.KeyName})
			c.respond(failure, encodeConnack(packets.Accepted, sessionPresent))
		})
	switch {
	case errors.Is(err, registry.ErrNotSaved):
		s.failSignIn(who, socket, err)
		return nil, nil
	case err != nil:
		s.refuse(who, socket, conn, packets.ErrRefusedNotAuthorised, err)
		return nil, nil
	}
	return c, func() {
		defer close(c.signInLogged)
		if replaced != nil {
			replaced.(*connection).logEnd() // before the sign-in of its successor, which has ended it
		}
		s.Log.Info(fmt.Sprintf("%s is connected", id), "session", sessionWord(connect.CleanSession, present), "from", socket.RemoteAddr())
	}
}

// claim is who a client claims to be.
type claim struct {
	id       registry.ID // zero if unknown
	clientID string
}

func (c claim) String() string {
	if c.id == (registry.ID{}) {
		return fmt.Sprintf("client %.300q", c.clientID)
	}
	return c.id.String()
}

func sessionWord(clean, present bool) string {
	switch {
	case clean:
		return "not kept"
	case present:
		return "kept"
	default:
		return "new"
	}
}

func (s *Server) refuse(who claim, socket *network.Conn, conn net.Conn, code byte, reason error) {
	s.Log.Warn(fmt.Sprintf("sign-in refused: %v", reason), "client", fmt.Sprintf("%.300s", who.clientID))
	s.publishRefusal(who, socket, reason)
	conn.SetWriteDeadline(time.Now().Add(s.SignInTimeout))
	conn.Write(encodeConnack(code, false))
}

// failSignIn is for failures that are not the client's fault. It sends no
// CONNACK, as that would be taken for a refusal, after which some SDKs never
// try again.
func (s *Server) failSignIn(who claim, socket *network.Conn, reason error) {
	s.Log.Error(fmt.Sprintf("sign-in failed: %v", reason), "client", fmt.Sprintf("%.300s", who.clientID))
	s.publishRefusal(who, socket, reason)
}

// identify returns the identity that the sender of connect claims, and its
// token.
func identify(connect *packets.ConnectPacket) (id registry.ID, token iothub.SASToken, err error) {
	if id, err = parseUsername(connect.Username); err != nil {
		return id, token, err
	}
	if want := clientID(id); connect.ClientIdentifier != want {
		return id, token, fmt.Errorf("the client id is %.300q; for %s it has to be %q", connect.ClientIdentifier, id, want)
	}
	if connect.WillFlag && (connect.WillQos > 1 || !isTelemetry(id, connect.WillTopic)) {
		return id, token, fmt.Errorf("its will, to %.200q at QoS %d, is not a message of %s", connect.WillTopic, connect.WillQos, id)
	}
	if len(connect.Password) == 0 {
		return id, token, errors.New("there is no password, and so no SAS token")
	}
	token, err = iothub.ParseSASToken(string(connect.Password))
	return id, token, err
}

func clientID(id registry.ID) string {
	if !id.IsModule() {
		return id.Device
	}
	return id.Device + "/" + id.Module
}

// checkToken accepts a token signed with a key of the device or module itself,
// or with one of a policy that may sign in as any of them.
func (s *Server) checkToken(token iothub.SASToken, id registry.ID, own registry.Authentication) error {
	if token.KeyName != "" {
		return s.Auth.CheckPolicyToken(token, auth.DeviceConnect, id.Path()...)
	}
	if own.Type != registry.TypeSAS {
		return fmt.Errorf("%s signs in with %s, which is not modelled", id, own.Type)
	}
	return s.Auth.CheckToken(token, id.String(), own.Keys.SymmetricKey, id.Path()...)
}
