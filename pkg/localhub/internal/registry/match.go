package registry

import "slices"

// Match is the condition of a change: the ETags of which the identity or twin
// must have one. [AnyETag] among them stands for whatever it has; an empty
// Match is no condition.
type Match []string

// AnyETag allows every change of what exists.
const AnyETag = "*"

// Allows reports whether what has this ETag may be changed.
func (m Match) Allows(etag string) bool {
	return len(m) == 0 || slices.Contains(m, AnyETag) || slices.Contains(m, etag)
}
