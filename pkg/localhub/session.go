package localhub

import (
	"errors"
	"fmt"
	"maps"
	"moduletwin/pkg/localhub/fault"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// session holds the filters that a client has subscribed to, each with the
// QoS that was granted. One that is stored outlives the connection and, as
// official SDKs rely on that, the hub.
type session map[string]byte

// handleSubscribe grants what is documented, at QoS 0 or 1. Anything else
// ends the connection, as SDKs do not look at the codes of a SUBACK.
func (l *link) handleSubscribe(packet *packets.SubscribePacket) error {
	if len(packet.Topics) == 0 {
		return errors.New("a SUBSCRIBE to nothing")
	}
	how := l.hub.faults.Next(fault.Subscribe)
	if l.prevents(how) {
		return nil
	}
	codes := make([]byte, len(packet.Topics))
	if how.Kind == fault.KindStatus {
		for i := range codes {
			codes[i] = 0x80
		}
		l.send(packSuback(packet.MessageID, codes))
		return nil
	}
	if how.Kind == fault.KindGarbage {
		l.send(garbage)
		return nil
	}
	wanted := make(session)
	for i, filter := range packet.Topics {
		switch {
		case !l.entity.key.isFilter(filter):
			return fmt.Errorf("a subscription to %.200q", filter)
		case packet.Qoss[i] > 2:
			return fmt.Errorf("a subscription at QoS %d", packet.Qoss[i])
		}
		codes[i] = min(1, packet.Qoss[i])
		wanted[filter] = codes[i]
	}
	return l.change(func(s session) { maps.Copy(s, wanted) }, how, packSuback(packet.MessageID, codes))
}

func (l *link) handleUnsubscribe(packet *packets.UnsubscribePacket) error {
	if len(packet.Topics) == 0 {
		return errors.New("an UNSUBSCRIBE from nothing")
	}
	return l.change(func(s session) {
		for _, filter := range packet.Topics {
			delete(s, filter)
		}
	}, fault.Failure{}, packUnsuback(packet.MessageID))
}

// change makes and stores a changed session, and then says so.
func (l *link) change(do func(session), how fault.Failure, done []byte) error {
	e := l.entity
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.connected() != l { // it was cut a moment ago
		return nil
	}
	after := maps.Clone(*l.session)
	do(after)
	if len(after) > maxSubscriptions {
		return fmt.Errorf("more than %d subscriptions", maxSubscriptions)
	}
	if e.session == l.session {
		if err := l.hub.registry.store.putSession(e.key, after); err != nil {
			return err
		}
	}
	*l.session = after
	l.answer(how, done)
	e.wake()
	return nil
}

// openSession returns the session for a new connection of e, and whether it
// was there before. The lock of e is held.
func (r *registry) openSession(e *entity, clean bool) (s *session, present bool, err error) {
	fresh := &session{}
	switch {
	case !clean && e.session != nil:
		return e.session, true, nil
	case !clean:
		if err := r.store.putSession(e.key, *fresh); err != nil {
			return nil, false, err
		}
		e.session = fresh
	case e.session != nil:
		if err := r.store.putSession(e.key, nil); err != nil {
			return nil, false, err
		}
		e.session = nil
	}
	return fresh, false, nil
}
