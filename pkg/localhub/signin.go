package localhub

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub/fault"
)

// signIn lets a client in or refuses it; then the result is nil. Every
// refusal is told as "not authorized", its reason only to the log.
func (h *Hub) signIn(connect *packets.ConnectPacket, conn net.Conn, w *wire) *link {
	how := h.faults.Next(fault.SignIn)
	if !h.playBefore(how, conn, w) {
		return nil
	}
	if how.Kind == fault.KindLate {
		how = fault.Failure{} // nothing is left of it
	}
	k, token, err := h.identify(connect)
	if err != nil {
		h.refuseSignIn(connect.ClientIdentifier, conn, packets.ErrRefusedNotAuthorised, err)
		return nil
	}
	l := &link{hub: h, conn: conn, wire: w, token: token, will: connect.WillFlag, ended: make(chan struct{})}
	present, err := h.register(l, k, connect.CleanSession, how)
	if err != nil {
		h.refuseSignIn(connect.ClientIdentifier, conn, packets.ErrRefusedNotAuthorised, err)
		return nil
	}
	h.log.Info(fmt.Sprintf("%s is connected", k), "session", sessionWord(connect.CleanSession, present), "from", w.RemoteAddr())
	return l
}

func sessionWord(clean, present bool) string {
	switch {
	case clean:
		return "not kept"
	case present:
		return "kept from before"
	default:
		return "new"
	}
}

// playBefore plays the failures that come before or in place of a CONNACK,
// and reports whether the sign-in goes on.
func (h *Hub) playBefore(how fault.Failure, conn net.Conn, w *wire) bool {
	switch how.Kind {
	case fault.KindCut:
		w.Close()
	case fault.KindCutReset:
		w.reset()
	case fault.KindSilence:
		conn.SetReadDeadline(time.Time{})
		io.Copy(io.Discard, conn) // until the client goes
	case fault.KindGarbage:
		conn.Write(garbage)
	case fault.KindStatus:
		conn.Write(packConnack(byte(how.Status), false))
	case fault.KindLate:
		return w.wait(nil, how.Delay) != net.ErrClosed
	default:
		return true
	}
	return false
}

func (h *Hub) refuseSignIn(clientID string, conn net.Conn, code byte, reason error) {
	h.log.Warn(fmt.Sprintf("sign-in refused: %v", reason), "client", fmt.Sprintf("%.300s", clientID))
	conn.SetWriteDeadline(time.Now().Add(h.options.SignInTimeout))
	conn.Write(packConnack(code, false))
}

// identify finds out who connect claims to be, and reads the token.
func (h *Hub) identify(connect *packets.ConnectPacket) (key, iothub.SASToken, error) {
	k, err := parseUsername(connect.Username)
	if err != nil {
		return key{}, iothub.SASToken{}, err
	}
	if id := k.clientID(); connect.ClientIdentifier != id {
		return key{}, iothub.SASToken{}, fmt.Errorf("the client id is %.300q, for %s it is %q", connect.ClientIdentifier, k, id)
	}
	if connect.WillFlag && (connect.WillQos > 1 || !k.isTelemetry(connect.WillTopic)) {
		return key{}, iothub.SASToken{}, fmt.Errorf("its will, to %.200q at QoS %d, is no message of %s", connect.WillTopic, connect.WillQos, k)
	}
	if len(connect.Password) == 0 {
		return key{}, iothub.SASToken{}, errors.New("there is no password, and so no SAS token")
	}
	token, err := iothub.ParseSASToken(string(connect.Password))
	return k, token, err
}

func (k key) clientID() string {
	if k.module == "" {
		return k.device
	}
	return k.device + "/" + k.module
}

// register checks the token and puts l in the place of the connection that
// its device or module may have had. The answer is under way before anything
// else can be.
func (h *Hub) register(l *link, k key, clean bool, how fault.Failure) (sessionPresent bool, err error) {
	device, missing := h.registry.find(key{device: k.device})
	if missing != nil {
		return false, missing
	}
	defer device.mu.Unlock()
	e := device
	if k.module != "" {
		if e = h.registry.lock(k); e == nil {
			return false, refuseMissing(k)
		}
		defer e.mu.Unlock()
	}
	if err := h.checkSignIn(l.token, e); err != nil {
		return false, err
	}
	if device.identity.Disabled {
		return false, fmt.Errorf("device %q is disabled", k.device)
	}
	l.entity = e
	if l.session, sessionPresent, err = h.registry.openSession(e, clean); err != nil {
		return false, err
	}
	e.cut("another client signed in with the same identity")
	e.link, e.linkChanged = l, time.Now()
	e.signIns++
	l.answer(how, packConnack(packets.Accepted, sessionPresent))
	e.wake()
	return sessionPresent, nil
}

// checkSignIn accepts the key of the device or module itself, and that of a
// policy which may sign in for others.
func (h *Hub) checkSignIn(token iothub.SASToken, e *entity) error {
	if token.KeyName != "" {
		return h.checkPolicyToken(token, deviceConnect, e.key.path()...)
	}
	if auth := e.identity.Auth; auth.Type != typeSAS {
		return fmt.Errorf("%s signs in by %s, which is not modelled", e.key, auth.Type)
	}
	return h.checkToken(token, e.key.String(), e.identity.Auth.Keys, e.key.path()...)
}
