package pcaps

import (
	"fmt"
	"slices"
)

// LinkType is a LINKTYPE_ value of the tcpdump group's registry
// (https://www.tcpdump.org/linktypes.html).
type LinkType uint16

// The link types that Walk knows.
const (
	LinkNull       LinkType = 0 // BSD loopback, host-order address family
	LinkEthernet   LinkType = 1
	LinkPPP        LinkType = 9   // with or without HDLC's address and control
	LinkRaw12      LinkType = 12  // raw IP as some BSDs number it
	LinkRaw14      LinkType = 14  // raw IP as OpenBSD numbers it
	LinkPPPHDLC    LinkType = 50  // PPP in HDLC-like framing, or Cisco's HDLC
	LinkPPPEther   LinkType = 51  // PPPoE from its session header on
	LinkRaw        LinkType = 101 // raw IP, the version tells which
	LinkCiscoHDLC  LinkType = 104
	Link80211      LinkType = 105 // IEEE 802.11
	LinkFrameRelay LinkType = 107
	LinkLoop       LinkType = 108 // OpenBSD loopback, network-order address family
	LinkSLL        LinkType = 113 // Linux cooked v1
	LinkRadiotap   LinkType = 127 // IEEE 802.11 behind a radiotap header
	LinkPPPD       LinkType = 166 // PPP as Linux's pppd records it, with its direction
	LinkPPI        LinkType = 192 // per-packet information before another link type
	LinkPPPDir     LinkType = 204 // PPP behind a byte of direction
	LinkHDLCDir    LinkType = 205 // Cisco's HDLC behind a byte of direction
	LinkMPLS       LinkType = 219
	LinkIPv4       LinkType = 228 // raw IPv4
	LinkIPv6       LinkType = 229 // raw IPv6
	LinkNFLOG      LinkType = 239 // Linux netfilter's log
	LinkSLL2       LinkType = 276 // Linux cooked v2
)

// links is what is known of each link type that Walk reads.
var links = map[LinkType]struct {
	name string // in reports, each another one: they are keys there
	// saysDirection: Walk may find in the link's own header that a packet was sent.
	saysDirection bool
}{
	LinkNull:       {name: "null"},
	LinkEthernet:   {name: "ethernet"},
	LinkPPP:        {name: "ppp"},
	LinkRaw12:      {name: "raw_12"},
	LinkRaw14:      {name: "raw_14"},
	LinkPPPHDLC:    {name: "ppp_hdlc"},
	LinkPPPEther:   {name: "ppp_ether"},
	LinkRaw:        {name: "raw"},
	LinkCiscoHDLC:  {name: "c_hdlc"},
	Link80211:      {name: "ieee802_11"},
	LinkFrameRelay: {name: "frelay"},
	LinkLoop:       {name: "loop"},
	LinkSLL:        {name: "linux_sll", saysDirection: true},
	LinkRadiotap:   {name: "ieee802_11_radiotap"},
	LinkPPPD:       {name: "ppp_pppd", saysDirection: true},
	LinkPPI:        {name: "ppi", saysDirection: true}, // of the link inside
	LinkPPPDir:     {name: "ppp_with_dir", saysDirection: true},
	LinkHDLCDir:    {name: "c_hdlc_with_dir", saysDirection: true},
	LinkMPLS:       {name: "mpls"},
	LinkIPv4:       {name: "ipv4"},
	LinkIPv6:       {name: "ipv6"},
	LinkNFLOG:      {name: "nflog"},
	LinkSLL2:       {name: "linux_sll2", saysDirection: true},
}

// unknownLinkNames are link types that captures often have and Walk does not
// know: no NIC hashes their packets.
var unknownLinkNames = map[LinkType]string{
	6: "ieee802_5", 10: "fddi", 100: "atm_rfc1483", 117: "pflog", 119: "ieee802_11_prism", 122: "ip_over_fc",
	140: "mtp2", 141: "mtp3", 142: "sccp", 143: "docsis", 163: "ieee802_11_avs", 165: "bacnet_ms_tp",
	187: "bluetooth_hci_h4", 189: "usb_linux", 195: "ieee802_15_4_withfcs", 197: "erf",
	201: "bluetooth_hci_h4_with_phdr", 220: "usb_linux_mmapped", 227: "can_socketcan", 230: "ieee802_15_4_nofcs",
	247: "infiniband", 249: "usbpcap", 251: "bluetooth_le_ll", 253: "netlink", 254: "bluetooth_linux_monitor",
	255: "bluetooth_bredr_bb", 256: "bluetooth_le_ll_with_phdr", 266: "usb_darwin", 271: "vsock",
	281: "dsa_tag_brcm", 282: "dsa_tag_brcm_prepend",
}

// String is the link type's name in lower case, or "linktype 148".
func (l LinkType) String() string {
	if link, ok := links[l]; ok {
		return link.name
	}
	if name, ok := unknownLinkNames[l]; ok {
		return name
	}
	return fmt.Sprintf("linktype %d", uint16(l))
}

// Known reports whether Walk reads packets of the link type.
func (l LinkType) Known() bool {
	_, ok := links[l]
	return ok
}

// KnownLinkNames are the names of the link types that Walk reads, in order.
func KnownLinkNames() []string {
	var names []string
	for _, link := range links {
		names = append(names, link.name)
	}
	slices.Sort(names)
	return names
}

// SaysDirection reports whether Walk may find in the link's own header that a packet
// was sent.
func (l LinkType) SaysDirection() bool { return links[l].saysDirection }
