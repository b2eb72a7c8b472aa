package localhub

import (
	"net"
	"net/netip"
	"slices"
	"testing"

	"moduletwin/pkg/localhub/internal/network"
)

// connFrom is a connection of which only the remote address matters.
type connFrom struct {
	net.Conn
	address string
}

func (c connFrom) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.address))
}

// TestPlaces makes connections arrive, sign in and leave, and checks which of
// them lose their places.
func TestPlaces(t *testing.T) {
	const here, there = "127.0.0.1:1", "[::ffff:192.0.2.7]:1"
	const v6, v6Too = "[2001:db8::1]:1", "[2001:db8::2:3%eth0]:1"
	for _, row := range []struct {
		name  string
		limit int
		steps []string // an address connects; "+" and a number: that connection signs in; "-": it leaves
		lost  []int    // which connections lost their places, in order; negative for one that got none
	}{
		{"room for all", 4, []string{here, here, here}, nil},
		{"the oldest first", 4, []string{here, here, here, here, here}, []int{0, 1}},
		{"who has signed in stays", 4, []string{here, "+0", here, here, here, here}, []int{1}},
		{"all have signed in", 2, []string{here, "+0", here, "+1", here}, []int{-2}},
		{"one place for newcomers is left", 2, []string{here, "+0", here, here, here}, []int{1, 2}},
		{"who leaves makes room", 4, []string{here, here, here, "-1", here}, nil},
		{"who has signed in leaves", 2, []string{here, "+0", here, "+1", "-0", here}, nil},
		{"the address with most", 4, []string{there, here, here, here, here}, []int{1, 2}},
		{"a network is one address", 4, []string{here, v6, v6Too, there}, []int{1}},
		{"of equal addresses the oldest", 4, []string{there, here, v6, here, there}, []int{0, 1}},
		{"signing in after the place was lost", 4, []string{here, here, here, here, "+0", here}, []int{0, 1}},
		{"leaving after the place was lost", 4, []string{here, here, here, here, "-0", here}, []int{0, 1}},
		{"signing in twice", 2, []string{here, "+0", "+0", here, "+1", "-1", here, here}, []int{2}},
		{"a single place", 1, []string{here, here, "+1", here}, []int{0, -2}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := newPlaces(row.limit)
			var conns []*network.Conn
			var lost []int
			for _, step := range row.steps {
				switch number := int(step[len(step)-1] - '0'); step[0] {
				case '+':
					p.authenticate(conns[number])
				case '-':
					p.leave(conns[number])
				default:
					conn := network.NewConn(connFrom{address: step}, new(network.Conditions))
					conns = append(conns, conn)
					if loser := p.take(conn); loser == conn {
						lost = append(lost, 1-len(conns))
					} else if loser != nil {
						lost = append(lost, slices.Index(conns, loser))
					}
				}
				if len(p.taken) > row.limit || p.waiting > p.allowance {
					t.Errorf("after %s, %d places are taken, %d by newcomers", step, len(p.taken), p.waiting)
				}
			}
			if !slices.Equal(lost, row.lost) {
				t.Errorf("%v lost their places, want %v", lost, row.lost)
			}
			for _, conn := range conns {
				p.leave(conn)
			}
			if len(p.taken)+len(p.newcomers)+p.waiting > 0 {
				t.Errorf("after all have left, %+v remains", p)
			}
		})
	}
}
