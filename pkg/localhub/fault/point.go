package fault

import "fmt"

// Point is where a fault is injected.
type Point int

// The points.
const (
	SignIn    Point = iota + 1 // a CONNECT
	Subscribe                  // a SUBSCRIBE
	TwinGet                    // a device or module reads its twin
	TwinPatch                  // a device or module reports properties
	Notify                     // a change of desired properties is sent to a device or module that has subscribed to them
	REST                       // any request over HTTPS
)

// String returns the name of the constant.
func (p Point) String() string {
	names := []string{"no point", "SignIn", "Subscribe", "TwinGet", "TwinPatch", "Notify", "REST"}
	if p < 0 || int(p) >= len(names) {
		return fmt.Sprintf("Point(%d)", int(p))
	}
	return names[p]
}
