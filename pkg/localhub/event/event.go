// Package event holds the events that a local hub reports while it runs: who
// signed in, which requests were made or refused and why, what changed in which
// twin.
//
//	for e := range hub.Events(ctx) {
//		if e.Kind == event.DesiredChanged {
//			fmt.Println(e.DeviceID, e.ModuleID, e.Patch)
//		}
//	}
//
// No key, token or signature is ever part of an event.
package event

import (
	"fmt"
	"strings"
	"time"
)

// Kind says what kind of thing happened.
type Kind int

// The kinds.
const (
	SignedIn           Kind = iota + 1 // a device or module has connected over MQTT
	SignInRefused                      // a sign-in over MQTT was refused, Reason says why; the client is told less
	Disconnected                       // the connection of a device or module has ended, Reason says why
	Subscribed                         // a device or module has subscribed to changes of its desired properties
	Telemetry                          // a device or module has sent a message
	Request                            // a request was carried out: over HTTPS, or by a device or module about its twin
	RequestRefused                     // a request was refused, Reason says why
	DesiredChanged                     // Patch was merged into desired properties, whose new version is Version
	ReportedChanged                    // Patch was merged into reported properties, whose new version is Version
	TagsChanged                        // Patch was merged into tags
	NotificationSent                   // a change of desired properties was sent to the device or module
	NotificationMissed                 // such a change was not sent, Reason says why; it is not sent later either
	Created                            // a device or module was created
	Updated                            // the identity of a device or module has changed
	Deleted                            // a device or module was deleted; modules deleted with their device have events of their own
	Fault                              // a fault was injected, Reason says which
	ConditionsChanged                  // the hub's test conditions have changed: faults were added or cleared, the network has changed, the hub has stopped or listens again; Reason says which
	Missed                             // Count events are missing here, as the reader was too slow
)

var kindNames = [...]string{
	"no kind", "SignedIn", "SignInRefused", "Disconnected", "Subscribed", "Telemetry", "Request", "RequestRefused",
	"DesiredChanged", "ReportedChanged", "TagsChanged", "NotificationSent", "NotificationMissed",
	"Created", "Updated", "Deleted", "Fault", "ConditionsChanged", "Missed",
}

// String returns the name of the constant.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("Kind(%d)", int(k))
	}
	return kindNames[k]
}

// Event is one thing that happened. Fields that do not apply to its kind are
// zero. A text of more than 1,000 bytes is cut and ends in "…".
type Event struct {
	Number uint64 // counts from 1 in each recording
	Time   time.Time
	Kind   Kind

	DeviceID   string // of the device that the event is about
	ModuleID   string // "" for the device itself
	By         string // who made the request: a policy, or `module "m" on device "d"`; in a refusal, who the client claims to be; "" if unknown
	RemoteAddr string // of the client, "127.0.0.1:50000"

	Method string // of a request: "GET", "PATCH", …
	Path   string // of a request, without its query
	Status int    // of a request, as in HTTP
	Reason string // for a refusal, a disconnection, a fault or a missing Patch, in a few words

	Patch   map[string]any // of a change: a merge patch, in which null removes; it must not be modified; nil if its JSON is longer than 64 KB
	Version int64          // of the properties after a change or in a notification

	Count uint64 // of missed events
}

// String describes e in one line.
func (e Event) String() string {
	var b strings.Builder
	b.WriteString(e.Kind.String())
	add := func(name string, value any, given bool) {
		if given {
			fmt.Fprintf(&b, " %s=%v", name, value)
		}
	}
	add("device", e.DeviceID, e.DeviceID != "")
	add("module", e.ModuleID, e.ModuleID != "")
	add("by", e.By, e.By != "")
	add("from", e.RemoteAddr, e.RemoteAddr != "")
	add("request", e.Method+" "+e.Path, e.Method != "")
	add("status", e.Status, e.Status != 0)
	add("version", e.Version, e.Version != 0)
	add("patch", e.Patch, e.Patch != nil)
	add("count", e.Count, e.Count != 0)
	add("reason", fmt.Sprintf("%q", e.Reason), e.Reason != "")
	return b.String()
}
