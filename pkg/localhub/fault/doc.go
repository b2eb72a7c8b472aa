// Package fault describes what is to go wrong at a local hub, and where:
//
//	hub.FailNext(1, fault.TwinGet, fault.Status(500))
//	hub.FailNext(3, fault.Notify, fault.Silence())
//	hub.SetNetwork(fault.Network{Latency: 20 * time.Millisecond})
//
// A [Point] is where a fault is injected, a [Failure] is what happens there.
// Every failure does something sensible at every point; the function that makes
// it documents where that differs from its name.
package fault
