package fault

import (
	"fmt"
	"time"
)

// Kind tells failures apart. The hub's protocols switch on it; users take the
// functions of the same names, such as [Cut].
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

// Failure is what goes wrong. The zero value is nothing. Failures are compared
// with ==.
type Failure struct {
	Kind       Kind
	Status     int           // of KindStatus
	Delay      time.Duration // of KindLate
	RetryAfter time.Duration // see WithRetryAfter
}

// Cut ends the connection (FIN) in place of a response or notification. The
// request is not carried out.
func Cut() Failure { return Failure{Kind: KindCut} }

// CutReset is [Cut] by an RST, where the network has such.
func CutReset() Failure { return Failure{Kind: KindCutReset} }

// CutHalfway ends the connection after half of the response or notification.
// The request is carried out.
func CutHalfway() Failure { return Failure{Kind: KindCutHalfway} }

// LoseResponse carries the request out and then ends the connection; at
// [Notify], the notification is sent first.
func LoseResponse() Failure { return Failure{Kind: KindLoseResponse} }

// Silence sends no response and no notification. The connection stays, the
// request is not carried out.
func Silence() Failure { return Failure{Kind: KindSilence} }

// Duplicate sends the response or notification twice; at [REST] and [SignIn]
// once, as there is no twice.
func Duplicate() Failure { return Failure{Kind: KindDuplicate} }

// Garbage sends, at [REST], a page of HTML with status 200; at [TwinGet],
// [TwinPatch] and [Notify] a body that is no JSON; elsewhere bytes that are no
// MQTT. The request is not carried out.
func Garbage() Failure { return Failure{Kind: KindGarbage} }

// Status refuses: at [REST] with this HTTP status, at [TwinGet] and
// [TwinPatch] with it as the status of the twin response, at [SignIn] with it
// as the return code of CONNACK (5 is "not authorized"), at [Subscribe] with
// SUBACK code 0x80, whatever the status. At [Notify] it is [Silence].
func Status(code int) Failure { return Failure{Kind: KindStatus, Status: code} }

// Late responds or notifies d later than the hub would have. Later messages are
// not delayed. A request is carried out at once, a sign-in after d.
func Late(d time.Duration) Failure { return Failure{Kind: KindLate, Delay: d} }

// WithRetryAfter returns f with a Retry-After header for the response at
// [REST], in whole seconds.
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

// Pending is a failure that waits for its events.
type Pending struct {
	Left    int // events that will fail
	At      Point
	Failure Failure
}
