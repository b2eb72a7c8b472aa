package registry

import "slices"

// Match is the condition for a change: the identity or twin must have one of
// these ETags. [AnyETag] stands for any ETag; an empty Match is no condition.
type Match []string

// AnyETag allows every change of an identity or twin that exists.
const AnyETag = "*"

// Allows reports whether an identity or twin with this ETag may be changed.
func (m Match) Allows(etag string) bool {
	return len(m) == 0 || slices.Contains(m, AnyETag) || slices.Contains(m, etag)
}
