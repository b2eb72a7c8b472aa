package fault

import "time"

// Network is the state of the network between clients and the hub. The zero
// value is a good network.
type Network struct {
	// Blackhole keeps everything from arriving, in both directions, as a
	// broken router does: neither side is told. What was sent arrives when
	// the blackhole is over, if both sides are still waiting.
	Blackhole bool

	// Latency is added to every read and every write, in each direction, so
	// that large messages, which take several of them, are delayed several
	// times.
	Latency time.Duration

	// Trickle lets only one byte at a time through.
	Trickle bool

	// Refuse resets new connections as soon as they are made. To simulate
	// an address at which nothing listens, stop the hub.
	Refuse bool
}
