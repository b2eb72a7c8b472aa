package registry

// Match is the condition of a change: the ETag that the identity or twin must
// have, MatchAny for whatever it is, "" for no condition.
type Match string

// MatchAny allows every change.
const MatchAny Match = "*"

// Allows reports whether what has this ETag may be changed.
func (m Match) Allows(etag string) bool {
	return m == "" || m == MatchAny || string(m) == etag
}
