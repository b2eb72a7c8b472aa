package localhub

import (
	"fmt"
	"net"
	"sync"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub/fault"
)

const (
	maxPending   = 4 << 20          // bytes that wait for a client to read
	writeTimeout = 30 * time.Second // for each piece of them
	writePiece   = 64 << 10
)

// link is the MQTT connection of a device or module that has signed in. The
// one goroutine it costs reads; another writes only while there is something
// to write, so that whoever has a message for a client never waits for it.
type link struct {
	hub     *Hub
	entity  *entity
	conn    net.Conn // speaks MQTT
	wire    *wire    // below it
	token   iothub.SASToken
	session *session // guarded by the entity's mu
	will    bool     // there is one

	mu      sync.Mutex // guards the rest
	pending []byte     // to be written
	writing bool       // there is a goroutine that writes
	last    bool       // when pending is written, the link ends
	lastID  uint16     // of a PUBLISH
	ended   chan struct{}
	reason  string // why it ended

	tasks sync.WaitGroup // goroutines beside the reading one
}

// send has packet written after what waits already. A client that lets too
// much wait is cut.
func (l *link) send(packet []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.enqueue(packet)
}

// sendLast is send, after which the link ends.
func (l *link) sendLast(packet []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.enqueue(packet)
	l.last = true
}

func (l *link) enqueue(packet []byte) {
	switch {
	case l.reason != "" || l.last:
		return
	case len(l.pending)+len(packet) > maxPending:
		l.cutLocked("it does not read what is sent to it")
		return
	}
	l.pending = append(l.pending, packet...)
	if !l.writing {
		l.writing = true
		l.tasks.Go(l.write)
	}
}

// write writes until nothing is pending.
func (l *link) write() {
	for {
		piece := l.next()
		if piece == nil {
			return
		}
		l.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
		if _, err := l.conn.Write(piece); err != nil {
			l.cut("it cannot be written to: " + plain(err))
		}
	}
}

// next takes a piece off pending; nil ends the goroutine that writes.
func (l *link) next() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reason == "" && len(l.pending) > 0 {
		piece := l.pending[:min(len(l.pending), writePiece)]
		l.pending = l.pending[len(piece):]
		if len(l.pending) == 0 {
			l.pending = nil // an idle link keeps no room
		}
		return piece
	}
	l.writing = false
	if l.last {
		l.cutLocked("a fault ended it")
	}
	return nil
}

func (l *link) hasEnded() bool { return isClosed(l.ended) }

// cut ends the link without a word, as MQTT 3.1.1 has none for it. It never
// blocks. Only the first reason counts.
func (l *link) cut(reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cutLocked(reason)
}

func (l *link) cutLocked(reason string) {
	if l.reason != "" {
		return
	}
	l.reason = reason
	close(l.ended)
	l.wire.Close()
}

// end plays Cut or CutReset.
func (l *link) end(how fault.Failure) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if how.Kind == fault.KindCutReset && l.reason == "" {
		l.wire.reset()
	}
	l.cutLocked("fault " + how.String())
}

// prevents plays a failure that comes in place of what was asked for, and
// reports whether it is one.
func (l *link) prevents(how fault.Failure) bool {
	switch how.Kind {
	case fault.KindCut, fault.KindCutReset:
		l.end(how)
	case fault.KindSilence:
	default:
		return false
	}
	return true
}

// answer sends packet, as how would have it.
func (l *link) answer(how fault.Failure, packet []byte) {
	switch how.Kind {
	case fault.KindCutHalfway:
		l.sendLast(packet[:(len(packet)+1)/2])
	case fault.KindLoseResponse:
		l.end(fault.Cut())
	case fault.KindDuplicate:
		l.send(packet)
		l.send(packet)
	case fault.KindLate:
		l.sendLater(how.Delay, packet)
	default:
		l.send(packet)
	}
}

func (l *link) sendLater(d time.Duration, packet []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reason != "" {
		return
	}
	l.tasks.Go(func() {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			l.send(packet)
		case <-l.ended:
		}
	})
}

// publish sends a message at the QoS of a subscription.
func (l *link) publish(how fault.Failure, topic string, qos byte, payload []byte) {
	l.answer(how, packPublish(topic, l.nextID(qos), payload))
}

// nextID returns 0 for QoS 0. Ids are not tracked: what is unacknowledged
// when a link ends is not sent again, since notifications are not kept.
func (l *link) nextID(qos byte) uint16 {
	if qos == 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lastID++; l.lastID == 0 {
		l.lastID = 1
	}
	return l.lastID
}

// notify announces a change of desired properties, if e is connected and
// has subscribed to that. Otherwise, nothing is kept for it. The lock of e
// is held.
func (e *entity) notify(patch map[string]any, version int64) {
	l := e.connected()
	if l == nil {
		return
	}
	qos, subscribed := (*l.session)[filterDesired]
	if !subscribed {
		return
	}
	how := l.hub.faults.Next(fault.Notify)
	if l.prevents(how) {
		return
	}
	payload := encodeSection(patch, nil, version)
	switch how.Kind {
	case fault.KindGarbage:
		payload = garbage
	case fault.KindLoseResponse:
		how = fault.Failure{}
		defer l.sendLast(nil)
	}
	l.publish(how, fmt.Sprintf("%s?$version=%d", topicDesired, version), qos, payload)
}

// garbage is an answer that no hub gives.
var garbage = []byte("<html><body>Bad Gateway</body></html>")
