package fault

import (
	"fmt"
	"time"
)

// Kind is the kind of a failure. The hub's protocols switch on it; users call
// the functions of the same names, such as [Cut].
type Kind int

// The kinds.
const (
	None Kind = iota // nothing goes wrong
	KindCut
	KindCutReset
	KindCutHalfway
	KindLoseResponse
	KindSilence
	KindDuplicate
	KindGarbage
	KindStatus
	KindLate
)

// String returns the name of the function that makes a failure of this kind.
func (k Kind) String() string {
	names := []string{"no failure", "Cut", "CutReset", "CutHalfway", "LoseResponse", "Silence", "Duplicate", "Garbage", "Status", "Late"}
	if k < 0 || int(k) >= len(names) {
		return fmt.Sprintf("Kind(%d)", int(k))
	}
	return names[k]
}

// Failure is what goes wrong. In the zero value, nothing does. Failures can be
// compared with ==.
type Failure struct {
	Kind       Kind
	Status     int           // for KindStatus
	Delay      time.Duration // for KindLate
	RetryAfter time.Duration // see WithRetryAfter
}

// Cut ends the connection (FIN) instead of sending a response or notification.
// The request is not carried out.
func Cut() Failure { return Failure{Kind: KindCut} }

// CutReset is [Cut] with a TCP reset (RST), if the connection runs over TCP.
func CutReset() Failure { return Failure{Kind: KindCutReset} }

// CutHalfway ends the connection after half of the response or notification has
// been sent. The request is carried out.
func CutHalfway() Failure { return Failure{Kind: KindCutHalfway} }

// LoseResponse carries out the request and then ends the connection without a
// response; at [Notify], the notification is sent first.
func LoseResponse() Failure { return Failure{Kind: KindLoseResponse} }

// Silence sends no response and no notification. The connection stays open, and
// the request is not carried out.
func Silence() Failure { return Failure{Kind: KindSilence} }

// Duplicate sends the response or notification twice; at [REST] and [SignIn]
// only once, as no second one is possible there.
func Duplicate() Failure { return Failure{Kind: KindDuplicate} }

// Garbage sends a page of HTML with status 200 at [REST], a body that is not
// JSON at [TwinGet], [TwinPatch] and [Notify], and bytes that are not MQTT
// elsewhere. The request is not carried out.
func Garbage() Failure { return Failure{Kind: KindGarbage} }

// Status refuses the request. At [REST], code is the HTTP status, and any code
// below 400 or above 599 means 500; at [TwinGet] and [TwinPatch], it is the
// status of the twin response; at [SignIn], it is the return code of the
// CONNACK (5 means "not authorized"). At [Subscribe], the SUBACK has the code
// 0x80, whatever code is. At [Notify], Status is the same as [Silence].
func Status(code int) Failure { return Failure{Kind: KindStatus, Status: code} }

// Late sends the response or notification d later than the hub would have sent
// it. Messages after it are not delayed. A request is carried out at once, a
// sign-in only after d.
func Late(d time.Duration) Failure { return Failure{Kind: KindLate, Delay: d} }

// WithRetryAfter returns f with a Retry-After header, in whole seconds, for the
// response at [REST].
func (f Failure) WithRetryAfter(d time.Duration) Failure {
	f.RetryAfter = d
	return f
}

// String describes f in one word, with its parameter: "Status(429)".
func (f Failure) String() string {
	switch f.Kind {
	case KindStatus:
		return fmt.Sprintf("Status(%d)", f.Status)
	case KindLate:
		return fmt.Sprintf("Late(%v)", f.Delay)
	}
	return f.Kind.String()
}

// Pending is a failure whose events have not all happened yet.
type Pending struct {
	Left    int // events that are still to fail
	At      Point
	Failure Failure
}
