// Package event holds what a local hub tells about itself while it runs: who
// signed in, what was asked and refused and why, what changed in which twin.
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

// Kind is what an event tells about.
type Kind int

// The kinds.
const (
	SignedIn           Kind = iota + 1 // a device or module has connected over MQTT
	SignInRefused                      // it was not let in, Reason says why; the client learns less
	Disconnected                       // its connection has ended, Reason says why
	Subscribed                         // it is told about changes of its desired properties from now on
	Telemetry                          // it has sent a message
	Request                            // a request was carried out: over HTTPS, or by a device or module about its twin
	RequestRefused                     // a request was refused, Reason says why
	DesiredChanged                     // desired properties have changed by Patch, to Version
	ReportedChanged                    // reported properties have changed by Patch, to Version
	TagsChanged                        // tags have changed by Patch
	NotificationSent                   // a change of desired properties was sent to the device or module
	NotificationMissed                 // it was not, Reason says why: nothing is kept for later
	Created                            // there is a new device or module
	Updated                            // its identity has changed
	Deleted                            // it is gone; with a device, its modules are, too, each with an event of its own
	Fault                              // a fault was injected, Reason says which
	ConditionsChanged                  // what shall go wrong has changed: faults wait or were forgotten, the network is another one, the hub has stopped or listens again; Reason says which
	Missed                             // Count events are not in the stream: whoever reads it was too slow
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

// Event is one thing that happened. Fields that say nothing about its kind
// are zero.
type Event struct {
	Number uint64 // counts from 1 in each recording
	Time   time.Time
	Kind   Kind

	DeviceID   string // of whom it is about
	ModuleID   string // "" for the device itself
	By         string // who asked: a policy, or `module "m" on device "d"`; of a refusal, who it says it is; "" if unknown
	RemoteAddr string // from where, "127.0.0.1:50000"

	Method string // of a request: "GET", "PATCH", …
	Path   string // of a request, without its query
	Status int    // of a request, as in HTTP
	Reason string // of a refusal, an end or a fault, in a few words

	Patch   map[string]any // of a change: a merge patch, null removes; it may not be changed
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
