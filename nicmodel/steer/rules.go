package steer

import (
	"cmp"
	"fmt"
	"slices"

	"rssreplay/pcaps"
)

// Order says which of several rules that match wins.
type Order uint8

const (
	ByLocation Order = iota // the lowest location (Linux's uapi/linux/ethtool.h)
	// MostFields: IP rules before ether rules, then that which compares most fields,
	// then the lowest location (mlx5's en_fs_ethtool.c). With it, rules of TCP, UDP
	// and SCTP that compare no port match fragments, too.
	MostFields
)

// IPKind says what rules of the kinds ip4 and ip6 match, of their IP version.
type IPKind uint8

const (
	AllIP   IPKind = iota // every packet
	OtherIP               // what is not unfragmented TCP, UDP or SCTP (i40e, ice)
	BnxtIP                // TCP, UDP and ICMP, or the protocol that is compared; 255 is any
)

// AnyProtocol is the protocol by which bnxt's rules of IP say that they compare none
// (IPPROTO_RAW, Linux 6.12's bnxt_ethtool.c); it lists them with it, too.
const AnyProtocol = 255

// Options are what differs between drivers.
type Options struct {
	Order Order
	IP    IPKind
	Any   bool // a rule matches where one of its fields does (igb's are filters of their own)
}

// MaxRules bounds the rules of a NIC, which have some thousands at most.
const MaxRules = 1 << 13

// Rules are a NIC's, in the order in which they are asked. nil has none. It does not
// change after New and may be shared.
type Rules struct {
	list    []Rule
	options Options
	perPacket,
	fragments, frames bool
}

// New orders the rules. Two at one location are an error.
func New(rules []Rule, o Options) (*Rules, error) {
	if len(rules) > MaxRules {
		return nil, fmt.Errorf("%d rules are too many: at most %d are emulated", len(rules), MaxRules)
	}
	r := &Rules{list: slices.Clone(rules), options: o}
	slices.SortStableFunc(r.list, func(a, b Rule) int {
		if o.Order == MostFields {
			if c := cmp.Or(cmp.Compare(etherLast(&a), etherLast(&b)), cmp.Compare(b.fieldCount(), a.fieldCount())); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.Location, b.Location)
	})
	seen := map[int]bool{}
	for i := range r.list {
		rule := &r.list[i]
		if seen[rule.Location] {
			return nil, fmt.Errorf("two rules are filter %d: leave one of them out", rule.Location)
		}
		seen[rule.Location] = true
		r.perPacket = r.perPacket || rule.perPacket()
		r.fragments = r.fragments || r.tellsFragments(rule)
		r.frames = r.frames || rule.Kind == Ether
	}
	return r, nil
}

// tellsFragments reports whether the rule may take fragments and not other packets of
// their flow, or the other way round. What has ports is no fragment.
func (r *Rules) tellsFragments(rule *Rule) bool {
	switch k := rule.Kind; {
	case k.hasPorts():
		return r.options.Order != MostFields && !rule.compares(SourcePort) && !rule.compares(DestinationPort)
	case k == IP4 || k == IP6:
		return r.options.IP == OtherIP
	default:
		return k != Unknown && k != Ether
	}
}

func etherLast(r *Rule) int {
	if r.Kind == Ether {
		return 1
	}
	return 0
}

// fieldCount is the number of fields by which mlx5 chooses a rule's table. The
// IP version, which counts as one, all have but those of frames, which come last.
func (r *Rule) fieldCount() int {
	n := 0
	for f := range Field(numFields) {
		if f != TagType && f != Tag && f != UserData && r.compares(f) {
			n++
		}
	}
	if r.compares(TagType) || r.compares(Tag) {
		n++
	}
	return n
}

// All are the rules in the order in which they are asked. They must not be changed.
func (r *Rules) All() []Rule {
	if r == nil {
		return nil
	}
	return r.list
}

// Options are those that the rules were made with.
func (r *Rules) Options() Options { return r.options }

// PerPacket reports whether packets of one flow may meet different rules: some
// compare what is no part of a flow.
func (r *Rules) PerPacket() bool { return r != nil && r.perPacket }

// Facts are those facts of a packet that are no part of its flow, and by which
// packets of one flow may meet different rules.
func (r *Rules) Facts() pcaps.Facts {
	if r != nil && r.fragments {
		return pcaps.Fragment
	}
	return 0
}

// Unmatchable reports whether a rule compares what no packet has.
func (r *Rules) Unmatchable() bool {
	return slices.ContainsFunc(r.All(), func(rule Rule) bool { return rule.compares(UserData) })
}

// Frames reports whether a rule may take packets without an IP header.
func (r *Rules) Frames() bool { return r != nil && r.frames }

// Match is the rule that takes a packet, by its place in All, and the next one that
// matches and would do something else; -1 without one. frame may be nil if nothing
// is known of it.
func (r *Rules) Match(h *pcaps.Header, frame *pcaps.Frame) (first, other int) {
	first, other = -1, -1
	if r == nil {
		return first, other
	}
	if frame == nil {
		frame = &pcaps.Frame{}
	}
	for i := range r.list {
		if !r.matches(&r.list[i], h, frame) {
			continue
		}
		if first < 0 {
			first = i
		} else if !r.list[first].sameResult(&r.list[i]) {
			return first, i
		}
	}
	return first, other
}

func (r *Rules) matches(rule *Rule, h *pcaps.Header, frame *pcaps.Frame) bool {
	if !r.isKind(rule, h) {
		return false
	}
	for i := range rule.Fields {
		if r.options.IP == BnxtIP && rule.Fields[i].anyProtocol() {
			continue
		}
		if ok := rule.Fields[i].matches(h, frame, rule.Kind); ok == r.options.Any {
			return ok
		}
	}
	return !r.options.Any || len(rule.Fields) == 0
}

// isKind reports whether the packet is of the rule's kind.
func (r *Rules) isKind(rule *Rule, h *pcaps.Header) bool {
	k := rule.Kind
	switch {
	case k == Unknown:
		return false
	case k == Ether:
		return true
	case h.Reason != pcaps.IP || h.Version != k.Version():
		return false
	}
	fragment := h.Facts&pcaps.Fragment != 0
	switch protocol := k.protocol(); {
	case k == AH6:
		return h.Encapsulations&(1<<pcaps.AH) != 0 && !fragment
	case protocol >= 0:
		allowed := r.options.Order == MostFields && k.hasPorts()
		return h.Facts&pcaps.ProtocolUnknown == 0 && int(h.Protocol) == protocol && (!fragment || allowed)
	}
	transport := h.Protocol == pcaps.ProtoTCP || h.Protocol == pcaps.ProtoUDP || h.Protocol == pcaps.ProtoSCTP
	switch r.options.IP {
	case OtherIP:
		return fragment || !transport
	case BnxtIP:
		icmp := uint8(pcaps.ProtoICMP)
		if h.Version == 6 {
			icmp = pcaps.ProtoICMPv6
		}
		return rule.compares(Protocol) || h.Protocol == pcaps.ProtoTCP || h.Protocol == pcaps.ProtoUDP || h.Protocol == icmp
	}
	return true
}
