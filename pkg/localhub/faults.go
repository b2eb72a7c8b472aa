package localhub

import (
	"context"
	"fmt"
	"math"

	"moduletwin/pkg/localhub/fault"
)

// FailNext makes the next n events at a point fail, whomever they concern.
// Further calls for the same point take effect after it.
func (h *Hub) FailNext(n int, at fault.Point, failure fault.Failure) {
	h.faults.Add(n, at, failure)
	h.conditionsChanged(fmt.Sprintf("%v at %v is to come", failure, at))
}

// ClearFaults forgets the faults of [Hub.FailNext] that are still to come.
func (h *Hub) ClearFaults() {
	h.faults.Clear()
	h.conditionsChanged("no faults are to come")
}

// PendingFaults returns the faults of [Hub.FailNext] that are still to come,
// in their order.
func (h *Hub) PendingFaults() []fault.Pending { return h.faults.Pending() }

// serverUnavailable is the return code of CONNACK that tells clients to try
// again later.
const serverUnavailable = 3

// Block cuts the connections of all devices and modules and refuses their
// sign-ins, as a hub does that is overloaded, until [Hub.Unblock] or
// [Hub.ClearFaults]. HTTPS still works. It returns how many were connected.
func (h *Hub) Block() int {
	h.FailNext(math.MaxInt, fault.SignIn, fault.Status(serverUnavailable))
	return h.DisconnectAll()
}

// Unblock ends all that lasts: [Hub.Block] and all other faults that are still
// to come, the conditions of [Hub.SetNetwork], and, with the error of
// [Hub.Resume], a stop.
func (h *Hub) Unblock() error {
	h.ClearFaults()
	h.SetNetwork(fault.Network{})
	return h.Resume()
}

// FaultsInjected returns how many faults there have been so far: those of
// [Hub.FailNext] one by one, each connection that a method cut, and each call
// of one that stops the hub, disturbs the network or makes the hub forget.
func (h *Hub) FaultsInjected() int { return h.faults.Injected() }

// WaitFaults waits until there have been at least n faults in all, as
// [Hub.FaultsInjected] counts, or until ctx is done.
func (h *Hub) WaitFaults(ctx context.Context, n int) error { return h.faults.Wait(ctx, n) }

// SetNetwork changes the conditions for connections that are open and for
// those to come.
func (h *Hub) SetNetwork(n fault.Network) {
	h.conditions.Set(n)
	h.conditionsChanged("the network is another one")
	if n != (fault.Network{}) {
		h.faults.Count(fmt.Sprintf("network conditions %+v", n), nil)
	}
}
