package plain

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Rules are a NIC's ntuple rules, by the text that `ethtool -n` prints of them, and
// what a driver makes of them. Lines keep the names and the masks that are printed:
// they are read where a packet is compared with them, and nothing is turned round
// before.
type Rules struct {
	MostFields bool   // mlx5's order; else the lowest filter is the first
	IP         string // what Raw IPv4 and Raw IPv6 take: "all", "other" or "bnxt"
	Any        bool   // igb: a rule's fields are filters of their own
	List       []ListedRule
}

// ListedRule is a rule as it is printed.
type ListedRule struct {
	Filter int
	Kind   string               // "TCP over IPv4"
	Fields map[string][2]string // value and mask, by the name before them
	Action string               // after "Action: "; of a context as ethtool 6.14 has it
}

// NewRules reads a listing as ethtool prints it, whole and unquoted.
func NewRules(listing string) *Rules {
	r := &Rules{IP: "all"}
	var context string
	for line := range strings.Lines(listing) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if name == "Filter" {
			n, _ := strconv.Atoi(value)
			r.List = append(r.List, ListedRule{Filter: n, Fields: map[string][2]string{}})
			context = ""
			continue
		}
		if len(r.List) == 0 {
			continue
		}
		rule := &r.List[len(r.List)-1]
		switch name {
		case "Rule Type", "Flow Type":
			rule.Kind = value
		case "RSS Context ID":
			context = value
		case "Action":
			if queue, ok := strings.CutPrefix(value, "Direct to queue "); ok && context != "" {
				value = fmt.Sprintf("Direct to RSS Context %s (queue base offset: %s)", context, queue)
			}
			rule.Action = value
		default:
			if value, mask, ok := strings.Cut(value, " mask: "); ok {
				rule.Fields[name] = [2]string{value, mask}
			}
		}
	}
	return r
}

// Match is the rule that takes a frame of Ethernet, and the next that would do
// something else with it; nil without one.
func (r *Rules) Match(frame []byte) (first, other *ListedRule) {
	f := FactsOf(frame)
	var matching []*ListedRule
	for i := range r.List {
		if rule := &r.List[i]; r.fits(rule, f) && r.equal(rule, f) {
			matching = append(matching, rule)
		}
	}
	slices.SortFunc(matching, func(a, b *ListedRule) int {
		if r.MostFields {
			if aEther, bEther := a.Kind == "Raw Ethernet", b.Kind == "Raw Ethernet"; aEther != bEther {
				if aEther {
					return 1
				}
				return -1
			}
			if d := b.number() - a.number(); d != 0 {
				return d
			}
		}
		return a.Filter - b.Filter
	})
	for _, rule := range matching {
		if first == nil {
			first = rule
		} else if strings.TrimSuffix(rule.Action, " (queue base offset: 0)") != strings.TrimSuffix(first.Action, " (queue base offset: 0)") {
			return first, rule
		}
	}
	return first, nil
}

// Facts are what rules compare of a frame.
type Facts struct {
	Version  int // of IP; 0: not IP
	Protocol int // of IP; none: not known
	Fragment bool
	AH       bool              // an authentication header was met
	Fields   map[string][]byte // by ethtool's names; what is not there, the packet has not
}

// FactsOf reads a frame of Ethernet.
func FactsOf(frame []byte) Facts {
	f := Facts{Protocol: none, Fields: map[string][]byte{}}
	if len(frame) < 14 {
		return f
	}
	f.Fields["Dest MAC addr"], f.Fields["Src MAC addr"] = frame[:6], frame[6:12]
	rest := frame[12:]
	for {
		kind := binary.BigEndian.Uint16(rest)
		if kind != 0x8100 && kind != 0x88a8 && kind != 0x9100 {
			break
		}
		if len(rest) < 6 { // the tag's 16 bits, and a type after it
			return f
		}
		if f.Fields["VLAN"] == nil {
			f.Fields["VLAN EtherType"], f.Fields["VLAN"] = rest[:2], rest[2:4]
		}
		rest = rest[4:]
	}
	f.Fields["Ethertype"] = rest[:2]
	switch packet := rest[2:]; {
	case rest[0] == 0x08 && rest[1] == 0x00:
		f.ipv4(packet)
	case rest[0] == 0x86 && rest[1] == 0xdd:
		f.ipv6(packet)
	}
	return f
}

func (f *Facts) ipv4(b []byte) {
	if len(b) < 20 || b[0]>>4 != 4 || b[0]&15 < 5 {
		return
	}
	f.Version, f.Protocol = 4, int(b[9])
	f.Fields["Src IP addr"], f.Fields["Dest IP addr"] = b[12:16], b[16:20]
	f.Fields["TOS"], f.Fields["Protocol"] = b[1:2], b[9:10]
	moreFragments, offset := b[6]&0x20 != 0, binary.BigEndian.Uint16(b[6:])&0x1fff
	if f.Fragment = moreFragments || offset != 0; f.Fragment {
		return
	}
	if total := int(binary.BigEndian.Uint16(b[2:])); total != 0 && total < len(b) {
		b = b[:total]
	}
	if header := 4 * int(b[0]&15); header < len(b) {
		f.transport(b[header:])
	}
}

func (f *Facts) ipv6(b []byte) {
	if len(b) < 40 || b[0]>>4 != 6 {
		return
	}
	f.Version = 6
	f.Fields["Src IP addr"], f.Fields["Dest IP addr"] = b[8:24], b[24:40]
	f.Fields["Traffic Class"] = []byte{b[0]&15<<4 | b[1]>>4}
	next, rest := b[6], b[40:]
	if payload := int(binary.BigEndian.Uint16(b[4:])); payload != 0 && payload < len(rest) {
		rest = rest[:payload]
	}
	for {
		length := func(unit, more int) int {
			if len(rest) < 2 {
				return len(rest) + 1
			}
			return unit * (int(rest[1]) + more)
		}
		size := 0
		switch next {
		case 0, 43, 60, 135, 139, 140:
			size = length(8, 1)
		case 51:
			f.AH = true
			size = length(4, 2)
		case 44:
			size = 8
		default:
			f.Protocol, f.Fields["Protocol"] = int(next), []byte{next}
			f.transport(rest)
			return
		}
		if size > len(rest) {
			return
		}
		switch next {
		case 51:
			f.Fields["AH's SPI"] = rest[4:8]
		case 44:
			if word := binary.BigEndian.Uint16(rest[2:]); word>>3 != 0 || word&1 != 0 {
				f.Protocol, f.Fields["Protocol"], f.Fragment = int(rest[0]), rest[:1], true
				return
			}
		}
		next, rest = rest[0], rest[size:]
	}
}

// transport reads what follows the IP headers of a packet that is no fragment.
func (f *Facts) transport(b []byte) {
	if len(b) < 4 {
		return
	}
	f.Fields["L4 bytes"] = b[:4]
	switch f.Protocol {
	case 6, 17, 132:
		f.Fields["Src port"], f.Fields["Dest port"] = b[:2], b[2:4]
	case 50:
		f.Fields["ESP's SPI"] = b[:4]
	case 51:
		if len(b) >= 8 {
			f.Fields["AH's SPI"] = b[4:8]
		}
	}
}

// fits reports whether the packet is of the kind that the rule is about.
func (r *Rules) fits(rule *ListedRule, f Facts) bool {
	if rule.Kind == "Raw Ethernet" {
		return true
	}
	if f.Version == 0 || !strings.HasSuffix(rule.Kind, fmt.Sprintf("IPv%d", f.Version)) {
		return false
	}
	protocols := map[string]int{"TCP": 6, "UDP": 17, "SCTP": 132, "IPSEC AH": 51, "IPSEC ESP": 50}
	over, _, _ := strings.Cut(rule.Kind, " over ")
	switch over {
	case "TCP", "UDP", "SCTP":
		return f.Protocol == protocols[over] && (!f.Fragment || r.MostFields)
	case "IPSEC AH", "IPSEC ESP":
		if over == "IPSEC AH" && f.Version == 6 {
			return f.AH && !f.Fragment
		}
		return f.Protocol == protocols[over] && !f.Fragment
	case "Raw IPv4", "Raw IPv6":
		switch r.IP {
		case "other":
			return f.Fragment || f.Protocol != 6 && f.Protocol != 17 && f.Protocol != 132
		case "bnxt":
			icmp := map[int]int{4: 1, 6: 58}[f.Version]
			return rule.compares("Protocol") || f.Protocol == 6 || f.Protocol == 17 || f.Protocol == icmp
		}
		return true
	}
	return false // of a type that ethtool did not know
}

// equal reports whether the packet has what the rule compares.
func (r *Rules) equal(rule *ListedRule, f Facts) bool {
	compared, equal := 0, 0
	for name := range rule.Fields {
		if !rule.compares(name) {
			continue
		}
		if r.IP == "bnxt" && name == "Protocol" && rule.bits(name, 0)[0] == 255 && rule.ignored(name)[0] == 0 {
			continue // which stands for any
		}
		compared++
		has := f.Fields[name]
		if name == "SPI" {
			has = f.Fields[strings.Fields(rule.Kind)[1]+"'s SPI"]
		}
		if has == nil {
			continue
		}
		value, ignored := rule.bits(name, 0), rule.ignored(name)
		differ := false
		for i := range has {
			differ = differ || (has[i]^value[i])&^ignored[i] != 0
		}
		if !differ {
			equal++
		}
	}
	if r.Any {
		return compared == 0 || equal > 0
	}
	return equal == compared
}

// compares reports whether a bit of the field counts.
func (rule *ListedRule) compares(name string) bool {
	if _, ok := rule.Fields[name]; !ok {
		return false
	}
	return slices.ContainsFunc(rule.ignored(name), func(b byte) bool { return b != 0xff })
}

// ignored are the field's bits that are not compared.
func (rule *ListedRule) ignored(name string) []byte {
	bits := rule.bits(name, 1)
	// The one mask that ethtool prints the other way round.
	if name == "Dest MAC addr" && rule.Kind != "Raw Ethernet" {
		for i := range bits {
			bits[i] = ^bits[i]
		}
	}
	return bits
}

// bits are a field's value (which 0) or mask (1) as a packet has them.
func (rule *ListedRule) bits(name string, which int) []byte {
	text := rule.Fields[name][which]
	bytes := map[string]int{
		"TOS": 1, "Traffic Class": 1, "Protocol": 1, "Src port": 2, "Dest port": 2, "Ethertype": 2, "VLAN EtherType": 2, "VLAN": 2,
		"SPI": 4, "L4 bytes": 4, "User-defined": 8,
	}[name]
	switch {
	case strings.HasSuffix(name, "IP addr"):
		return netip.MustParseAddr(text).AsSlice()
	case strings.HasSuffix(name, "MAC addr"):
		var b []byte
		for digits := range strings.SplitSeq(text, ":") {
			v, _ := strconv.ParseUint(digits, 16, 8)
			b = append(b, byte(v))
		}
		return b
	}
	v, _ := strconv.ParseUint(text, 0, 64)
	return binary.BigEndian.AppendUint64(nil, v)[8-bytes:]
}

// number is by what mlx5 chooses a rule's table: more wins.
func (rule *ListedRule) number() int {
	n := 0
	for _, name := range []string{
		"Src IP addr", "Dest IP addr", "TOS", "Traffic Class", "Src port", "Dest port", "SPI", "Protocol", "L4 bytes",
		"Src MAC addr", "Dest MAC addr", "Ethertype",
	} {
		if rule.compares(name) {
			n++
		}
	}
	if rule.compares("VLAN") || rule.compares("VLAN EtherType") {
		n++
	}
	if rule.Kind != "Raw Ethernet" {
		n++
	}
	return n
}
