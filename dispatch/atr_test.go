package dispatch_test

import (
	"net/netip"
	"testing"

	"rssreplay/dispatch"
	"rssreplay/pcaps"
)

// ATR may have moved what is received after a SYN was sent, or 20 packets; of TCP alone,
// and of that connection. It may have moved all that is no SYN of a new one.
func TestATR(t *testing.T) {
	client := end{netip.MustParseAddr("192.0.2.1"), 40000}
	server := end{netip.MustParseAddr("192.0.2.2"), 443}
	other := end{netip.MustParseAddr("192.0.2.3"), 40000}
	c := &records{says: true}
	add := func(src, dst end, protocol byte, way pcaps.Direction, flags byte) {
		b := frame(src, dst, protocol, netip.Addr{})
		b[14+20+13] = flags
		c.recs = append(c.recs, pcaps.Record{Time: int64(len(c.recs)), Data: b, Wire: uint32(len(b)), Link: pcaps.LinkEthernet, Queue: -1, Direction: way})
	}
	add(client, server, pcaps.ProtoTCP, pcaps.Inbound, 2)
	add(client, server, pcaps.ProtoTCP, pcaps.Inbound, 2)     // again: nobody answered
	add(server, client, pcaps.ProtoTCP, pcaps.Outbound, 0x12) // SYN-ACK
	add(client, server, pcaps.ProtoTCP, pcaps.Inbound, 0x10)  // counts
	add(client, server, pcaps.ProtoTCP, pcaps.Inbound, 2)     // counts: a filter may be left of the connection before
	add(other, server, pcaps.ProtoTCP, pcaps.Inbound, 0x10)
	for range 19 {
		add(server, other, pcaps.ProtoTCP, pcaps.Outbound, 0x10)
	}
	add(other, server, pcaps.ProtoTCP, pcaps.Inbound, 0x10)
	add(server, other, pcaps.ProtoTCP, pcaps.Outbound, 0x10)
	add(other, server, pcaps.ProtoTCP, pcaps.Inbound, 0x10) // counts
	for range 30 {
		add(server, client, pcaps.ProtoUDP, pcaps.Outbound, 2)
	}
	add(client, server, pcaps.ProtoUDP, pcaps.Inbound, 0x10)
	cfg, s := stepConfig(t)
	for _, asked := range []bool{true, false} {
		r := replay(t, c, dispatch.Options{Config: cfg, Steering: s, Modes: allModes, ATR: asked})
		if want := map[bool]dispatch.ATRPackets{true: {Sampled: 3, Most: 5}}[asked]; r.ATR != want {
			t.Errorf("asked %v: %+v, want %+v", asked, r.ATR, want)
		}
	}
}
