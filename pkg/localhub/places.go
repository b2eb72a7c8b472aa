package localhub

import (
	"container/list"
	"net"
	"net/netip"

	"moduletwin/pkg/localhub/internal/network"
)

// places limits how many connections a hub may have open: each takes one place.
// Clients that have not signed in yet, by a CONNECT or by a request with a
// token, may take only some of the places, and lose theirs when others need
// them, so that a flood of silent connections shuts nobody out. The lock of the
// hub guards places.
type places struct {
	limit     int // for all connections
	allowance int // for connections that have not signed in

	taken     map[*network.Conn]*list.Element // the connection's entry in newcomers; nil once it has signed in
	newcomers map[netip.Prefix]*list.List     // connections that have not signed in, by address, oldest first
	waiting   int                             // number of newcomers
	arrivals  int                             // number of connections so far
}

// newcomer is a connection that has not signed in.
type newcomer struct {
	conn   *network.Conn
	number int // the order of arrival
}

// newPlaces reserves a quarter of the places for clients that have signed in.
// With the default limit, the rest is enough for ten thousand modules that
// connect all at once.
func newPlaces(limit int) *places {
	return &places{
		limit:     limit,
		allowance: max(1, limit-limit/4),
		taken:     make(map[*network.Conn]*list.Element),
		newcomers: make(map[netip.Prefix]*list.List),
	}
}

// take gives conn a place. loser is the connection that loses its own place in
// return: nil if there was room, conn itself if all places are taken by clients
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

// free takes the place of a connection that has not signed in, and returns that
// connection: the oldest from the address with the most of them. It returns nil
// if there is none.
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

// authenticate marks conn as signed in, if it still has a place, so that it
// keeps it.
func (p *places) authenticate(conn *network.Conn) {
	if element := p.taken[conn]; element != nil {
		p.removeNewcomer(element)
		p.taken[conn] = nil
	}
}

// leave frees the place of conn, if it still has one.
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

// origin returns the address that conn comes from. For IPv6, it returns the /64
// network, within which a single machine can have any number of addresses.
func origin(conn net.Conn) netip.Prefix {
	tcp, isTCP := conn.RemoteAddr().(*net.TCPAddr)
	if !isTCP {
		return netip.Prefix{}
	}
	address := tcp.AddrPort().Addr().Unmap().WithZone("")
	from, _ := address.Prefix(min(address.BitLen(), 64))
	return from
}
