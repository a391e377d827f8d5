package dispatch

import "rssreplay/pcaps"

// ATRPackets are the received TCP packets that Intel's application targeted routing may have
// moved to the queue of the CPU that sends on their connection.
type ATRPackets struct {
	// Sampled came after their connection had sent a SYN, or atrRate packets, as far as the
	// capture shows.
	Sampled uint64
	// Most is a bound: all but the SYNs of new connections. Whoever sends anything else has
	// had an answer, which the driver may have sampled: where connections share a ring, it
	// does so after fewer packets of each.
	Most uint64
}

// atrRate is how many packets a connection sends until Intel's drivers take a sample of
// it, where nothing else is on its ring (ixgbe_main.c, i40e_txrx.c); a SYN is one at
// once.
const atrRate = 20

// atr is the connections, by the tuple of what they receive: how many packets they have
// sent, at most atrRate, and that also after a SYN; and whether they can have sent any.
type atr map[pcaps.Tuple]uint8

const atrAnswered = 0x80

// look counts the packets of c.
func (a atr) look(c *chunk, counts *ATRPackets) {
	const syn, ack = 0x02, 0x10
	for i := range c.n {
		t := &c.tuples[i]
		if _, _, ports := t.Ports(); !ports || t.Protocol() != pcaps.ProtoTCP {
			continue
		}
		flags := c.compared[i].TCPFlags
		if !c.wasSent(i) {
			state := a[*t]
			if state&atrAnswered == 0 {
				if flags&(syn|ack) == syn {
					continue
				}
				state |= atrAnswered
				a[*t] = state
			}
			counts.Most++
			if state == atrAnswered|atrRate {
				counts.Sampled++
			}
			continue
		}
		back := t.Reverse()
		switch sent := a[back] &^ atrAnswered; {
		case flags&syn != 0:
			a[back] = atrAnswered | atrRate
		case sent < atrRate:
			a[back] = atrAnswered | (sent + 1)
		}
	}
}
