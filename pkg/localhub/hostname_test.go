package localhub

import (
	"slices"
	"testing"
)

// The hub is called by the first address that it listens on, or localhost if
// that is a usual loopback address. Its certificate is valid for all of them.
func TestHostNames(t *testing.T) {
	for _, row := range []struct {
		addresses []string
		host      string
		more      []string
	}{
		{[]string{"localhost:0"}, "localhost", nil},
		{[]string{"127.0.0.1:0", "[::1]:0", "LOCALHOST:0"}, "localhost", nil},
		{[]string{"127.0.0.2:8883", "127.0.0.2:443"}, "127.0.0.2", []string{"127.0.0.2"}},
		{[]string{"localhost:8883", "192.0.2.1:8883"}, "localhost", []string{"192.0.2.1"}},
	} {
		host, names := hostNames(row.addresses)
		if want := append(slices.Clone(loopback), row.more...); host != row.host || !slices.Equal(names, want) {
			t.Errorf("%q: host %s, names %q, want %s and %q", row.addresses, host, names, row.host, want)
		}
	}
}
