package dispatch

import "rssreplay/pcaps"

// atrRate is how many packets a connection sends until Intel's drivers take a sample of
// it, where nothing else is on its ring (ixgbe_main.c, i40e_txrx.c); a SYN is one at
// once.
const atrRate = 20

// atr is the connections that have sent: by the tuple of what they receive, how many
// packets, at most atrRate; that also after a SYN.
type atr map[pcaps.Tuple]uint8

// look takes the packets of c, and returns how many of the received ones may have been
// moved.
func (a atr) look(c *chunk) (moved uint64) {
	const syn = 0x02
	for i := range c.n {
		t := &c.tuples[i]
		if _, _, ports := t.Ports(); !ports || t.Protocol() != pcaps.ProtoTCP {
			continue
		}
		if !c.wasSent(i) {
			if a[*t] == atrRate {
				moved++
			}
			continue
		}
		back := t.Reverse()
		switch sent := a[back]; {
		case c.compared[i].TCPFlags&syn != 0:
			a[back] = atrRate
		case sent < atrRate:
			a[back] = sent + 1
		}
	}
	return moved
}
