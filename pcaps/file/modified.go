package file

import "rssreplay/pcaps"

// Alexey Kuznetzov's modified pcap, which Linux distributions wrote around 2000, is pcap
// whose record headers have these bytes behind the others: interface index (32 bits),
// protocol (16), packet type (8), padding (libpcap's sf-pcap.c, struct
// pcap_sf_patched_pkthdr).
const modifiedBytes = 8

// Of the packet type (linux/if_packet.h), PACKET_OUTGOING and the largest other.
const (
	packetTypeOutgoing = 4
	packetTypeOther    = 3
)

// modifiedDirection is that of the record at the start of b.
func modifiedDirection(b []byte) pcaps.Direction {
	switch packetType := b[recordHeaderBytes+6]; {
	case packetType == packetTypeOutgoing:
		return pcaps.Outbound
	case packetType <= packetTypeOther:
		return pcaps.Inbound
	}
	return pcaps.DirectionUnknown
}
