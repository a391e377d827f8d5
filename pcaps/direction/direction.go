// Package direction tells sent packets from received ones: by what the capture says of
// each, else by the addresses of the capturing machine, given or found.
package direction

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"rssreplay/pcaps"
	"rssreplay/pcaps/grouped"
)

// autoPackets is how many packets `--local auto` looks at.
const autoPackets = 10000

// Local is what --local says of the capturing machine's own addresses. The zero
// value is `auto`.
type Local struct {
	none     bool
	prefixes []netip.Prefix // masked, each once; empty with auto and none

	// OfText: it was not given, a text of the machine has it. That no packet has one of
	// these addresses is no mistake.
	OfText bool
}

// ParseLocal parses the values of --local: `auto`, `none`, or addresses and
// prefixes, in several values or separated by commas. No value is `auto`.
func ParseLocal(values []string) (Local, error) {
	var l Local
	var auto bool
	for _, value := range values {
		for word := range strings.SplitSeq(value, ",") {
			switch word = strings.TrimSpace(word); word {
			case "auto":
				auto = true
			case "none":
				l.none = true
			default:
				p, err := parsePrefix(word)
				if err != nil {
					return Local{}, fmt.Errorf("--local %q: %w", value, err)
				}
				if !slices.Contains(l.prefixes, p) {
					l.prefixes = append(l.prefixes, p)
				}
			}
		}
	}
	switch {
	case auto && l.none:
		return Local{}, errors.New("--local: auto and none exclude each other: give one of them")
	case auto && len(l.prefixes) > 0:
		return Local{}, fmt.Errorf("--local: auto and %s exclude each other: give only the addresses, or only auto", l.prefixes[0])
	case l.none && len(l.prefixes) > 0:
		return Local{}, fmt.Errorf("--local: none and %s exclude each other: give only the addresses, or only none", l.prefixes[0])
	}
	return l, nil
}

// Replaced is l with other prefixes in place of its own, for words about it.
func (l Local) Replaced(by func(netip.Prefix) netip.Prefix) Local {
	l.prefixes = slices.Clone(l.prefixes)
	for i, p := range l.prefixes {
		l.prefixes[i] = by(p)
	}
	return l
}

// String is l as --local takes it.
func (l Local) String() string {
	switch {
	case l.none:
		return "none"
	case len(l.prefixes) == 0:
		return "auto"
	}
	words := make([]string, len(l.prefixes))
	for i, p := range l.prefixes {
		words[i] = prefixWord(p)
	}
	return strings.Join(words, ",")
}

func parsePrefix(word string) (netip.Prefix, error) {
	if word == "" {
		return netip.Prefix{}, errors.New("an empty value: give auto, none, an address (10.0.0.5) or a prefix (10.0.0.0/24)")
	}
	var p netip.Prefix
	var err error
	if strings.Contains(word, "/") {
		p, err = netip.ParsePrefix(word)
	} else {
		var a netip.Addr
		if a, err = netip.ParseAddr(word); err == nil && a.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("%s has a zone, which packets do not carry: leave out %%%s", word, a.Zone())
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	switch {
	case err != nil:
		return netip.Prefix{}, fmt.Errorf("%s is no address (10.0.0.5) or prefix (10.0.0.0/24), nor auto or none", word)
	case p.Addr().Is4In6():
		return netip.Prefix{}, fmt.Errorf("%s is an IPv4 address written as IPv6: write %s", word, p.Addr().Unmap())
	}
	return p.Masked(), nil
}

// Directions tells sent packets from received ones by the first rule that applies: what the
// capture says of the packet (Header.Direction); --local; else it was received. With `auto`
// the first 10,000 packets are shown to Observe before Sent is asked about any packet.
//
// It is used by one goroutine.
type Directions struct {
	local    Local
	seen     int  // packets observed
	settled  bool // with `auto`: networks says all that was learnt
	versions [2]version
	networks []network
	said     int64 // packets whose direction the capture said
	side     Side
}

// Side says which packets reach the NIC: what --direction says.
type Side uint8

const (
	SideIn   Side = iota // those that the capturing machine received
	SideOut              // those that it sent, as the NIC at the other end sees them
	SideBoth             // all, as in a router, or on a mirror port
)

// ParseSide parses the value of --direction.
func ParseSide(s string) (Side, error) {
	switch s {
	case "in":
		return SideIn, nil
	case "out":
		return SideOut, nil
	case "both":
		return SideBoth, nil
	}
	return 0, fmt.Errorf("--direction must be in, out or both, not %q", s)
}

// Take chooses the packets that reach the NIC, before any is looked at. Sent is
// then what the NIC's machine has sent.
func (d *Directions) Take(side Side) { d.side = side }

// version is what Observe knows of the unicast packets of one IP version.
type version struct {
	packets    int
	candidates []candidate // addresses that are in every packet so far; at most two
}

// candidate is an address that may be the local one.
type candidate struct {
	address        [16]byte
	sent, received int // packets that it is the source of alone, and the destination of
}

// network is a local prefix: an address belongs to it if its two words, as a Tuple
// has them, masked are those of address.
type network struct {
	version       int
	address, mask [2]uint64
	met           bool // a packet came from there or went there
}

// prefixWord is a prefix, or its address where it has but one.
func prefixWord(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// NewDirections applies local.
func NewDirections(local Local) *Directions {
	d := &Directions{local: local}
	for _, p := range local.prefixes {
		d.networks = append(d.networks, newNetwork(p))
	}
	return d
}

func newNetwork(p netip.Prefix) network {
	n := network{version: 6}
	var address, mask [16]byte
	if p.Addr().Is4() {
		n.version = 4
		*(*[4]byte)(address[:]) = p.Addr().As4()
	} else {
		address = p.Addr().As16()
	}
	for i := range mask { // a shift by 8 or more gives 0
		mask[i] = ^(byte(0xff) >> max(p.Bits()-8*i, 0))
	}
	for i := range n.mask {
		n.address[i] = binary.LittleEndian.Uint64(address[8*i:])
		n.mask[i] = binary.LittleEndian.Uint64(mask[8*i:])
	}
	return n
}

func (n *network) contains(hi, lo uint64) bool {
	return (hi&n.mask[0]^n.address[0])|(lo&n.mask[1]^n.address[1]) == 0
}

// WantsMore tells whether Observe would still learn from the next packet: always
// false but with `auto`, there until 10,000 packets were seen.
func (d *Directions) WantsMore() bool {
	return d.auto() && !d.settled && d.side != SideBoth
}

func (d *Directions) auto() bool { return !d.local.none && len(d.local.prefixes) == 0 }

// Observe takes note of a packet, of any kind: the capture's packets are counted
// to 10,000, and of these the unicast IP ones are looked at. Unicast is what
// goes neither to a multicast address nor to 255.255.255.255; a subnet's own
// broadcast address cannot be told from a host's. When WantsMore is false it
// does nothing.
func (d *Directions) Observe(h *pcaps.Header) {
	if !d.WantsMore() {
		return
	}
	d.seen++
	if h.Reason == pcaps.IP && isUnicast(h) {
		d.versions[pcaps.VersionIndex(h.Version)].observe(h)
	}
	if d.seen == autoPackets {
		d.settle()
	}
}

// settle makes what was observed the local networks.
func (d *Directions) settle() {
	d.settled = true
	for i := range d.versions {
		if c := d.versions[i].local(); c != nil {
			address := versionAddress(i, c.address)
			d.networks = append(d.networks, newNetwork(netip.PrefixFrom(address, address.BitLen())))
		}
	}
}

// Settle ends the observation, also when the capture has fewer than 10,000
// packets: WantsMore is false from then on.
func (d *Directions) Settle() {
	if d.WantsMore() {
		d.settle()
	}
}

func isUnicast(h *pcaps.Header) bool {
	if h.Version == 6 {
		return h.Dst[0] != 0xff
	}
	return h.Dst[0]>>4 != 0xe && [4]byte(h.Dst[:]) != [4]byte{255, 255, 255, 255}
}

func versionAddress(index int, address [16]byte) netip.Addr {
	if index == 1 {
		return netip.AddrFrom16(address)
	}
	return netip.AddrFrom4([4]byte(address[:]))
}

func (v *version) observe(h *pcaps.Header) {
	v.packets++
	if v.packets == 1 {
		v.candidates = append(v.candidates, candidate{address: h.Src})
		if h.Dst != h.Src {
			v.candidates = append(v.candidates, candidate{address: h.Dst})
		}
	}
	v.candidates = slices.DeleteFunc(v.candidates, func(c candidate) bool {
		return c.address != h.Src && c.address != h.Dst
	})
	if h.Src == h.Dst {
		return // to itself: that is neither direction
	}
	for i := range v.candidates {
		if c := &v.candidates[i]; c.address == h.Src {
			c.sent++
		} else {
			c.received++
		}
	}
}

// local is the one address that is in every packet, if it has both sent and
// received; else nil.
func (v *version) local() *candidate {
	if len(v.candidates) == 1 && v.candidates[0].sent > 0 && v.candidates[0].received > 0 {
		return &v.candidates[0]
	}
	return nil
}

// FindsSent reports whether Sent can be true of packets that do not say their
// direction themselves. It is known once WantsMore is false.
func (d *Directions) FindsSent() bool {
	switch d.side {
	case SideOut:
		return true
	case SideBoth:
		return false
	}
	return len(d.networks) > 0
}

// Sent tells whether the packet of that tuple was sent by the NIC's machine; else
// the NIC received it. says is its Header.Direction.
func (d *Directions) Sent(t *pcaps.Tuple, says pcaps.Direction) bool {
	switch d.side {
	case SideOut:
		return !d.sentHere(t, says)
	case SideBoth:
		return false
	}
	return d.sentHere(t, says)
}

// SentAll sets sent to what Sent tells of packets that do not say their direction themselves.
func (d *Directions) SentAll(sent []bool, tuples []pcaps.Tuple) {
	if networks, ok := d.onePerVersion(); ok && d.side != SideBoth {
		d.sentOfNetworks(&networks, sent, tuples)
		return
	}
	for i := range sent {
		sent[i] = d.Sent(&tuples[i], pcaps.DirectionUnknown)
	}
}

// onePerVersion is the networks by pcaps.VersionIndex, if no IP version has several; of
// version -1 where there is none.
func (d *Directions) onePerVersion() (networks [2]network, ok bool) {
	networks[0].version, networks[1].version = -1, -1
	for _, n := range d.networks {
		its := &networks[pcaps.VersionIndex(uint8(n.version))]
		if its.version >= 0 {
			return networks, false
		}
		*its = n
	}
	return networks, true
}

// sentOfNetworks is SentAll where these are the networks, and not all packets are taken as
// received.
//
// Optimization: it equals Sent, without a branch: which packets are sent could not be
// foretold.
func (d *Directions) sentOfNetworks(networks *[2]network, sent []bool, tuples []pcaps.Tuple) {
	var met [2]uint64
	out := d.side == SideOut
	for i := range sent {
		t := &tuples[i]
		version := t[4] >> pcaps.TupleVersion & 0xff
		at := version >> 1 & 1 // 0 of 4, 1 of 6
		n := &networks[at]
		other := version ^ uint64(n.version)
		hi, lo := n.mask[0], n.mask[1]
		from := zero(t[0]&hi ^ n.address[0] | t[1]&lo ^ n.address[1] | other)
		to := zero(t[2]&hi ^ n.address[0] | t[3]&lo ^ n.address[1] | other)
		met[at] |= from | to
		sent[i] = (from&^to != 0) != out
	}
	for i := range d.networks {
		n := &d.networks[i]
		n.met = n.met || met[pcaps.VersionIndex(uint8(n.version))] != 0
	}
}

// zero is 1 of 0, else 0.
func zero(v uint64) uint64 { return ^(v | -v) >> 63 }

// sentHere tells whether the packet was sent by the capturing machine.
func (d *Directions) sentHere(t *pcaps.Tuple, says pcaps.Direction) bool {
	if says != pcaps.DirectionUnknown {
		d.said++
		return says == pcaps.Outbound
	}
	if !t.IsIP() {
		return false
	}
	var source, destination bool
	for i := range d.networks {
		if n := &d.networks[i]; n.version == t.Version() {
			from, to := n.contains(t[0], t[1]), n.contains(t[2], t[3])
			n.met = n.met || from || to
			source, destination = source || from, destination || to
		}
	}
	return source && !destination
}

// Said is how many packets have told their direction themselves, so far.
func (d *Directions) Said() int64 { return d.said }

// Unmet is what --local names and no packet came from or went to, where the packets do
// not say their direction themselves.
func (d *Directions) Unmet() []string {
	var unmet []string
	if d.side == SideBoth || d.auto() || d.said > 0 || d.local.OfText {
		return nil
	}
	for i, n := range d.networks {
		if !n.met {
			unmet = append(unmet, prefixWord(d.local.prefixes[i]))
		}
	}
	return unmet
}

// UnmetOfText is how many addresses a text gave the machine, where no packet came from or
// went to any of them, and nothing else told directions; else 0.
func (d *Directions) UnmetOfText() int {
	if d.side != SideIn || d.said > 0 || !d.local.OfText || slices.ContainsFunc(d.networks, func(n network) bool { return n.met }) {
		return 0
	}
	return len(d.networks)
}

// Unknown reports whether nothing has told sent packets from received ones, though
// `auto` tried.
func (d *Directions) Unknown() bool {
	return d.side != SideBoth && d.auto() && len(d.networks) == 0 && d.said == 0
}

// UnknownVersion is the IP version, 4 or 6, of which nothing has told sent packets from
// received ones, and the local address that `auto` has found of the other one; else 0.
func (d *Directions) UnknownVersion() (version int, known netip.Addr) {
	if d.side == SideBoth || !d.auto() || len(d.networks) != 1 || d.said > 0 {
		return 0, netip.Addr{}
	}
	for i := range d.versions {
		v := &d.versions[i]
		if c := v.local(); c != nil {
			known = versionAddress(i, c.address)
		} else if v.packets > 0 {
			version = 4 + 2*i
		}
	}
	return version, known
}

// OnlySender is the address that every unicast packet looked at came from, where
// they went to several: `auto` takes them as received, and they may all be sent. Only
// `auto` looks.
func (d *Directions) OnlySender() (netip.Addr, bool) {
	if d.said > 0 || d.side != SideIn {
		return netip.Addr{}, false
	}
	packets, at := 0, 0
	for i := range d.versions {
		if v := &d.versions[i]; v.packets > packets {
			packets, at = v.packets, i
		}
	}
	v := &d.versions[at]
	if len(v.candidates) != 1 || v.candidates[0].sent == 0 || v.candidates[0].received > 0 {
		return netip.Addr{}, false
	}
	return versionAddress(at, v.candidates[0].address), true
}

// Replaced is what d has learnt with other addresses in place of the capture's, for words
// about it: it tells no packet's direction.
func (d *Directions) Replaced(by func(netip.Prefix) netip.Prefix) *Directions {
	words := *d
	words.local = d.local.Replaced(by)
	for i := range words.versions {
		v := &words.versions[i]
		v.candidates = slices.Clone(v.candidates)
		for k := range v.candidates {
			c := &v.candidates[k]
			address := versionAddress(i, c.address)
			if address = by(netip.PrefixFrom(address, address.BitLen())).Addr(); i == 0 {
				*(*[4]byte)(c.address[:]) = address.As4()
			} else {
				c.address = address.As16()
			}
		}
	}
	return &words
}

// Rule says in one sentence which rules have told the directions so far, of that many
// packets.
func (d *Directions) Rule(packets uint64) string {
	switch d.side {
	case SideOut:
		return "--direction out: the NIC is at the other end, and receives what the capturing machine sent; of that, " + d.rule(packets)
	case SideBoth:
		return "--direction both: every packet is taken as received"
	}
	return d.rule(packets)
}

// rule is Rule without --direction.
func (d *Directions) rule(packets uint64) string {
	var rule string
	switch {
	case d.local.none:
		rule = "none: every packet is taken as received"
	case len(d.local.prefixes) > 0:
		words := make([]string, len(d.local.prefixes))
		for i, p := range d.local.prefixes {
			words[i] = prefixWord(p)
		}
		rule = "local: sent is what comes from " + strings.Join(words, ", ") + " and does not go there"
	default:
		var parts []string
		for i := range d.versions {
			if d.versions[i].packets > 0 {
				parts = append(parts, d.versions[i].rule(i, d.seen))
			}
		}
		if parts == nil {
			parts = []string{fmt.Sprintf("no unicast IP packet in the first %s, all are taken as received", grouped.Int(d.seen))}
		}
		rule = "auto: " + strings.Join(parts, "; ")
	}
	switch {
	case d.said == 1 && packets == 1:
		return "the capture itself says it of the only packet"
	case d.said > 0 && uint64(d.said) == packets:
		return fmt.Sprintf("the capture itself says it of all %s packets", grouped.Int(d.said))
	case d.said == 1:
		return "the capture itself says it of 1 packet; of others " + rule
	case d.said > 1:
		return fmt.Sprintf("the capture itself says it of %s packets; of others %s", grouped.Int(d.said), rule)
	}
	return rule
}

func (v *version) rule(index, seen int) string {
	all := fmt.Sprintf("all %s unicast %s packets", grouped.Int(v.packets), [2]string{"IPv4", "IPv6"}[index])
	if seen == autoPackets {
		all += " of the first " + grouped.Int(autoPackets)
	}
	switch c := v.candidates; {
	case len(c) == 0:
		return fmt.Sprintf("no address is in %s, all are taken as received", all)
	case len(c) == 2:
		return fmt.Sprintf("%s and %s are both in %s, all are taken as received",
			versionAddress(index, c[0].address), versionAddress(index, c[1].address), all)
	case v.local() == nil:
		return fmt.Sprintf("%s is in %s, but not in both directions, all are taken as received", versionAddress(index, c[0].address), all)
	default:
		return fmt.Sprintf("%s is in %s", versionAddress(index, c[0].address), all)
	}
}
