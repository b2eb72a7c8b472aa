package localhub

import (
	"context"
	"fmt"
	"math"

	"moduletwin/pkg/localhub/fault"
)

// FailNext makes the next n events at a point fail, whichever client they
// concern. Further calls for the same point take effect after those n events.
func (h *Hub) FailNext(n int, at fault.Point, failure fault.Failure) {
	h.faults.Add(n, at, failure)
	h.conditionsChanged(fmt.Sprintf("%v at %v is pending", failure, at))
}

// ClearFaults cancels the faults of [Hub.FailNext] that have not happened yet.
func (h *Hub) ClearFaults() {
	h.faults.Clear()
	h.conditionsChanged("no faults are pending")
}

// PendingFaults returns the faults of [Hub.FailNext] that have not happened
// yet, in order.
func (h *Hub) PendingFaults() []fault.Pending { return h.faults.Pending() }

// serverUnavailable is the CONNACK return code that tells clients to try again
// later.
const serverUnavailable = 3

// Block cuts the connections of all devices and modules and refuses their
// sign-ins, like an overloaded hub, until [Hub.Unblock] or [Hub.ClearFaults].
// HTTPS still works. Block returns how many were connected.
func (h *Hub) Block() int {
	h.FailNext(math.MaxInt, fault.SignIn, fault.Status(serverUnavailable))
	return h.DisconnectAll()
}

// Unblock ends everything that lasts: [Hub.Block] and all other faults that
// have not happened yet, the conditions of [Hub.SetNetwork], and a stop. The
// error is that of [Hub.Resume].
func (h *Hub) Unblock() error {
	h.ClearFaults()
	h.SetNetwork(fault.Network{})
	return h.Resume()
}

// FaultsInjected returns how many faults there have been so far: every event
// that failed because of [Hub.FailNext], every connection that [Hub.Disconnect]
// or a similar method ended, and every call of a method that stops the hub,
// disturbs the network, expires tokens or forgets sessions.
func (h *Hub) FaultsInjected() int { return h.faults.Injected() }

// WaitFaults waits until there have been at least n faults in all, as counted
// by [Hub.FaultsInjected], or until ctx is done.
func (h *Hub) WaitFaults(ctx context.Context, n int) error { return h.faults.Wait(ctx, n) }

// SetNetwork changes the network conditions of all connections, open ones and
// new ones.
func (h *Hub) SetNetwork(n fault.Network) {
	h.conditions.Set(n)
	h.conditionsChanged("the network conditions have changed")
	if n != (fault.Network{}) {
		h.faults.Count(fmt.Sprintf("network conditions %+v", n), nil)
	}
}
