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
	LinkNull       LinkType = 0   // BSD loopback, host-order address family
	LinkEthernet   LinkType = 1   //
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

var linkNames = map[LinkType]string{
	LinkNull: "null", LinkEthernet: "ethernet", LinkPPP: "ppp", LinkRaw12: "raw", LinkRaw14: "raw",
	LinkPPPHDLC: "ppp_hdlc", LinkPPPEther: "ppp_ether", LinkRaw: "raw", LinkCiscoHDLC: "c_hdlc",
	Link80211: "ieee802_11", LinkFrameRelay: "frelay", LinkLoop: "loop", LinkSLL: "linux_sll",
	LinkRadiotap: "ieee802_11_radiotap", LinkPPPD: "ppp_pppd", LinkPPI: "ppi", LinkPPPDir: "ppp_with_dir",
	LinkHDLCDir: "c_hdlc_with_dir", LinkMPLS: "mpls", LinkIPv4: "ipv4", LinkIPv6: "ipv6", LinkNFLOG: "nflog",
	LinkSLL2: "linux_sll2",
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
	if name, ok := linkNames[l]; ok {
		return name
	}
	if name, ok := unknownLinkNames[l]; ok {
		return name
	}
	return fmt.Sprintf("linktype %d", uint16(l))
}

// Known reports whether Walk reads packets of the link type.
func (l LinkType) Known() bool {
	_, ok := linkNames[l]
	return ok
}

// KnownLinkNames are the names of the link types that Walk reads, in order.
func KnownLinkNames() []string {
	var names []string
	for _, name := range linkNames {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// HeaderBytes is the length of the link type's header before an untagged IP
// packet; not ok where it varies.
func (l LinkType) HeaderBytes() (n int, ok bool) {
	switch l {
	case LinkEthernet:
		return etherBytes, true
	case LinkSLL:
		return sllBytes, true
	case LinkSLL2:
		return sll2Bytes, true
	case LinkNull, LinkLoop:
		return familyBytes, true
	case LinkRaw12, LinkRaw14, LinkRaw, LinkIPv4, LinkIPv6:
		return 0, true
	}
	return 0, false
}
