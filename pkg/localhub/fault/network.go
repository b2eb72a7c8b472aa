package fault

import "time"

// Network is what the way between clients and the hub is like. The zero
// value is a good network.
type Network struct {
	// Blackhole keeps everything from arriving, in both directions, as a
	// broken router does: nobody is told. What was sent arrives when it is
	// over, if both sides still wait.
	Blackhole bool

	// Latency is added to every piece that is read or written, in each
	// direction, so that large messages take several times as long.
	Latency time.Duration

	// Trickle lets one byte through at a time.
	Trickle bool

	// Refuse ends new connections by a reset as soon as they are made. For an
	// address at which nothing listens, stop the hub.
	Refuse bool
}
