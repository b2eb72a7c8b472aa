package localhub

import (
	"moduletwin/pkg/localhub/fault"
	"strconv"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// handleTwinGet answers a request for the twin. The body of the request is
// of no importance. If the client has not subscribed to answers, there is
// none.
func (l *link) handleTwinGet(packet *packets.PublishPacket, topic string) error {
	request, how, err := l.receive(packet, topic, fault.TwinGet)
	if err != nil || l.prevents(how) {
		return err
	}
	l.acknowledge(packet)
	l.entity.mu.Lock()
	defer l.entity.mu.Unlock()
	switch t := l.entity.twin; {
	case l.entity.connected() != l: // it was cut a moment ago
	case how.Kind == fault.KindStatus:
		l.refuse(request, refusalOf(how))
	case how.Kind == fault.KindGarbage:
		l.respond(request, fault.Failure{}, 200, 0, garbage)
	default:
		l.respond(request, how, 200, 0, t.forModule())
	}
	return nil
}

// handleReported merges a patch into the reported properties.
func (l *link) handleReported(packet *packets.PublishPacket, topic string) error {
	request, how, err := l.receive(packet, topic, fault.TwinPatch)
	if err != nil || l.prevents(how) {
		return err
	}
	l.acknowledge(packet)
	l.entity.mu.Lock()
	defer l.entity.mu.Unlock()
	switch {
	case l.entity.connected() != l: // it was cut a moment ago
	case how.Kind == fault.KindStatus:
		l.refuse(request, refusalOf(how))
	case how.Kind == fault.KindGarbage:
		l.respond(request, fault.Failure{}, 502, 0, garbage)
	default:
		if refused := l.report(request, packet.Payload); refused != nil {
			l.refuse(request, refused)
			break
		}
		l.respond(request, how, 204, l.entity.twin.Reported.Version, nil)
	}
	return nil
}

// receive reads what a twin request and its fault have in common.
func (l *link) receive(packet *packets.PublishPacket, topic string, at fault.Point) (request, fault.Failure, error) {
	request, err := parseRequest(topic)
	if err != nil {
		return request, fault.Failure{}, err
	}
	return request, l.hub.faults.Next(at), nil
}

// report carries out a patch of the reported properties. The lock of the
// entity is held.
func (l *link) report(r request, body []byte) *refusal {
	patch, refused := decodeProperties(body, true)
	if refused != nil {
		return refused
	}
	e := l.entity
	if r.version != "" {
		version, err := strconv.ParseInt(r.version, 10, 64)
		if err != nil {
			return refuseArgument("The $version of the request is no number.")
		}
		if version != e.twin.Reported.Version {
			return refusePrecondition("The reported properties have another version.")
		}
	}
	now := time.Now()
	after, refused := e.twin.reported(patch, now)
	if refused != nil {
		return refused
	}
	e.lastActive = now
	return l.hub.registry.setTwin(e, after)
}

// respond publishes the outcome of a request to those who want to know.
func (l *link) respond(r request, how fault.Failure, status int, version int64, body []byte) {
	if qos, subscribed := (*l.session)[filterTwinAnswers]; subscribed {
		l.publish(how, r.answerTopic(status, version), qos, body)
	}
}

func (l *link) refuse(r request, refused *refusal) {
	l.hub.log.Warn("twin request refused", "by", l.entity.key, "status", refused.status, "reason", refused.Error())
	l.respond(r, fault.Failure{}, refused.status, 0, refused.object())
}

// forModule returns the twin as its device or module sees it: two sections,
// with versions and without metadata.
func (t *twin) forModule() []byte {
	b := []byte(`{"desired":`)
	b = append(b, encodeSection(t.Desired.Properties, nil, t.Desired.Version)...)
	b = append(b, `,"reported":`...)
	b = append(b, encodeSection(t.Reported.Properties, nil, t.Reported.Version)...)
	return append(b, '}')
}
