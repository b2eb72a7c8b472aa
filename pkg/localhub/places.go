package localhub

import (
	"container/list"
	"net"
	"net/netip"

	"moduletwin/pkg/localhub/internal/network"
)

// places are those of the connections of a hub. Clients that have not signed
// in yet, by a CONNECT or by a request with a token, may take only some of them,
// and lose their places when others need them: a flood of connections that say
// nothing shuts nobody out. The lock of the hub guards them.
type places struct {
	limit     int // of all
	allowance int // of those who have not signed in

	taken     map[*network.Conn]*list.Element // nil for who has signed in
	newcomers map[netip.Prefix]*list.List     // who have not, by their address, the oldest first
	waiting   int                             // how many they are
	arrivals  int                             // so far
}

// newcomer is a connection that has not signed in.
type newcomer struct {
	conn   *network.Conn
	number int // the order of arrival
}

// newPlaces keeps a quarter of the places for those who have signed in. Of the
// default, the rest is enough for ten thousand modules that come all at once.
func newPlaces(limit int) *places {
	return &places{
		limit:     limit,
		allowance: max(1, limit-limit/4),
		taken:     make(map[*network.Conn]*list.Element),
		newcomers: make(map[netip.Prefix]*list.List),
	}
}

// take gives conn a place. It returns the connection that loses its own for
// that: nil if there was room, conn itself if all places are taken by clients
// that have signed in.
func (p *places) take(conn *network.Conn) (loser *network.Conn) {
	if p.waiting >= p.allowance || len(p.taken) >= p.limit {
		if loser = p.free(); loser == nil {
			return conn
		}
	}
	from := origin(conn)
	if p.newcomers[from] == nil {
		p.newcomers[from] = list.New()
	}
	p.arrivals++
	p.taken[conn] = p.newcomers[from].PushBack(newcomer{conn, p.arrivals})
	p.waiting++
	return loser
}

// free takes its place from a connection that has not signed in: the oldest
// from the address that has most of them. It returns nil if there is none.
func (p *places) free() *network.Conn {
	var most *list.List
	for _, from := range p.newcomers {
		if most == nil || from.Len() > most.Len() || from.Len() == most.Len() && oldest(from).number < oldest(most).number {
			most = from
		}
	}
	if most == nil {
		return nil
	}
	conn := oldest(most).conn
	p.leave(conn)
	return conn
}

func oldest(from *list.List) newcomer { return from.Front().Value.(newcomer) }

// authenticate lets conn keep its place, if it still has one.
func (p *places) authenticate(conn *network.Conn) {
	if element := p.taken[conn]; element != nil {
		p.removeNewcomer(element)
		p.taken[conn] = nil
	}
}

// leave gives up the place of conn, if it still has one.
func (p *places) leave(conn *network.Conn) {
	if element := p.taken[conn]; element != nil {
		p.removeNewcomer(element)
	}
	delete(p.taken, conn)
}

func (p *places) removeNewcomer(element *list.Element) {
	from := origin(element.Value.(newcomer).conn)
	p.newcomers[from].Remove(element)
	if p.newcomers[from].Len() == 0 {
		delete(p.newcomers, from)
	}
	p.waiting--
}

// origin returns the address that conn comes from. Of IPv6, it is the network:
// one machine has as many addresses there as it likes.
func origin(conn net.Conn) netip.Prefix {
	tcp, isTCP := conn.RemoteAddr().(*net.TCPAddr)
	if !isTCP {
		return netip.Prefix{}
	}
	address := tcp.AddrPort().Addr().Unmap().WithZone("")
	from, _ := address.Prefix(min(address.BitLen(), 64))
	return from
}
