package dispatch_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"rssreplay/dispatch/internal/plain"
)

// oddFrame is a frame of Ethernet of any kind that rules tell apart: tags, IP of both
// versions with all that may come between it and the ports, fragments, tunnels, lengths
// that lie, and headers that are cut off. Its addresses and numbers are few.
func oddFrame(r *rand.Rand) []byte {
	pick := func(of ...byte) byte { return of[r.IntN(len(of))] }
	b := []byte{2, 0, 0, 0, 0, pick(1, 2), 2, 0, 0, 0, 1, pick(1, 2)}
	for range []int{0, 0, 0, 1, 1, 2, 3}[r.IntN(7)] {
		b = append(b, [][]byte{{0x81, 0}, {0x81, 0}, {0x88, 0xa8}, {0x91, 0}}[r.IntN(4)]...)
		b = append(b, pick(0, 0x20, 0x30, 0x60), pick(5, 6))
	}
	switch r.IntN(9) {
	case 0:
		b = append(b, [][]byte{{8, 6}, {0x88, 0xf7}, {0x88, 0x47}, {0x88, 0x64}, {0, 40}}[r.IntN(5)]...)
		b = append(b, make([]byte, 46)...)
	case 1, 2, 3, 4:
		b = oddIPv4(r, append(b, 8, 0), 0)
	default:
		b = oddIPv6(r, append(b, 0x86, 0xdd), 0)
	}
	if r.IntN(6) == 0 {
		b = b[:r.IntN(len(b)+1)]
	}
	return b
}

// oddLength is a length of IP: mostly the right one.
func oddLength(r *rand.Rand, right int) uint16 {
	return uint16([]int{right, right, right, right, right + 9, max(0, right-r.IntN(24)), 0, r.IntN(80)}[r.IntN(8)])
}

func oddIPv4(r *rand.Rand, b []byte, depth int) []byte {
	protocol := []byte{6, 6, 17, 17, 132, 1, 50, 51, 47, 4, 41, 0}[r.IntN(12)]
	words := []byte{5, 5, 5, 5, 6, 7, 15, byte(r.IntN(16))}[r.IntN(8)]
	header := make([]byte, 20, 64)
	header[0] = 0x40 | words
	if r.IntN(30) == 0 {
		header[0] = byte(r.Uint32())
	}
	header[1] = []byte{0, 0x10, 0xb8}[r.IntN(3)]
	copy(header[6:], [][]byte{{}, {}, {}, {0x40}, {0x80}, {0x20}, {0, 1}, {0x20, 9}}[r.IntN(8)])
	header[8], header[9] = 64, protocol
	copy(header[12:], []byte{198, 51, 100, byte(7 + r.IntN(3)), 192, 0, 2, byte(1 + r.IntN(3))})
	header = append(header, make([]byte, max(0, 4*int(words)-20))...)
	upper := oddUpper(r, protocol, depth)
	binary.BigEndian.PutUint16(header[2:], oddLength(r, len(header)+len(upper)))
	return slices.Concat(b, header, upper)
}

func oddIPv6(r *rand.Rand, b []byte, depth int) []byte {
	protocol := []byte{6, 6, 17, 17, 132, 58, 50, 59, 47, 4, 41}[r.IntN(11)]
	upper := oddUpper(r, protocol, depth)
	for range r.IntN(4) {
		kind := []byte{0, 43, 60, 135, 51, 51, 44, 44, 139, 140}[r.IntN(10)]
		h := make([]byte, 8+8*r.IntN(3))
		h[0], h[1] = protocol, byte(len(h)/8-1)
		switch kind {
		case 51:
			h[1] = byte(len(h)/4 - 2)
			h[7] = byte(52 + r.IntN(2))
		case 44:
			h = h[:8]
			copy(h[2:], [][]byte{{0, 0}, {0, 6}, {0, 1}, {0, 8}}[r.IntN(4)])
		}
		if r.IntN(12) == 0 {
			h[1] = byte(r.IntN(60)) // of a Fragment header it is not looked at
		}
		protocol, upper = kind, append(h, upper...)
	}
	b = append(b, 0x60|byte(r.IntN(2)), byte(r.IntN(2)<<7), 0, 0)
	b = binary.BigEndian.AppendUint16(b, oddLength(r, len(upper)))
	b = append(b, protocol, 64)
	for range 2 {
		b = append(b, netip.MustParseAddr(fmt.Sprintf("2001:db8:%x::%x", r.IntN(2), 1+r.IntN(2))).AsSlice()...)
	}
	return append(b, upper...)
}

// oddUpper is what follows an IP header.
func oddUpper(r *rand.Rand, protocol byte, depth int) []byte {
	b := make([]byte, 20)
	switch {
	case protocol == 4 && depth < 2:
		return oddIPv4(r, nil, depth+1)
	case protocol == 41 && depth < 2:
		return oddIPv6(r, nil, depth+1)
	case protocol == 47:
		return oddIPv4(r, []byte{0, 0, 8, 0}, depth+1)
	case protocol == 50:
		b[3] = byte(52 + r.IntN(2))
	case protocol == 51:
		b[0], b[1], b[7] = 6, 4, byte(52+r.IntN(2))
	default:
		binary.BigEndian.PutUint16(b, []uint16{80, 40000, 40001}[r.IntN(3)])
		binary.BigEndian.PutUint16(b[2:], []uint16{80, 443, 4789}[r.IntN(3)])
	}
	if protocol == 17 && r.IntN(4) == 0 { // VXLAN, maybe
		b[8] = 8
		b = oddIPv4(r, append(b[:16], 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0), 3)
	}
	return b
}

// ruleField is a field of a kind of rule, in ethtool's word and as it prints it.
type ruleField struct{ word, name string }

// ruleKind is a kind of rule, as ethtool has it and as it prints it.
type ruleKind struct {
	word, title string
	fields      []ruleField
}

// protocol is the kind's of IP, -1 where it is about any.
func (k ruleKind) protocol() int {
	for name, protocol := range map[string]int{"tcp": 6, "udp": 17, "sctp": 132, "ah": 51, "esp": 50} {
		if strings.HasPrefix(k.word, name) {
			return protocol
		}
	}
	return -1
}

// ruleKinds are all.
var ruleKinds = func() (kinds []ruleKind) {
	add := func(word, title string, fields ...ruleField) {
		fields = append(fields, ruleField{"vlan-etype", "VLAN EtherType"}, ruleField{"vlan", "VLAN"}, ruleField{"user-def", "User-defined"})
		kinds = append(kinds, ruleKind{word, title, fields})
	}
	add("ether", "Flow Type: Raw Ethernet", ruleField{"src", "Src MAC addr"}, ruleField{"dst", "Dest MAC addr"}, ruleField{"proto", "Ethertype"})
	for _, version := range []string{"4", "6"} {
		class := map[string]ruleField{"4": {"tos", "TOS"}, "6": {"tclass", "Traffic Class"}}[version]
		ip := []ruleField{{"src-ip", "Src IP addr"}, {"dst-ip", "Dest IP addr"}, class, {"dst-mac", "Dest MAC addr"}}
		for _, over := range []string{"tcp TCP", "udp UDP", "sctp SCTP"} {
			word, name, _ := strings.Cut(over, " ")
			add(word+version, "Rule Type: "+name+" over IPv"+version, append(slices.Clone(ip), ruleField{"src-port", "Src port"}, ruleField{"dst-port", "Dest port"})...)
		}
		for _, over := range []string{"ah AH", "esp ESP"} {
			word, name, _ := strings.Cut(over, " ")
			add(word+version, "Rule Type: IPSEC "+name+" over IPv"+version, append(slices.Clone(ip), ruleField{"spi", "SPI"})...)
		}
		add("ip"+version, "Rule Type: Raw IPv"+version, append(slices.Clone(ip), ruleField{"l4proto", "Protocol"}, ruleField{"l4data", "L4 bytes"})...)
	}
	return kinds
}()

// drawnRules are random rules, in both of ethtool's ways of saying them.
type drawnRules struct {
	listing string   // ethtool -n
	words   []string // of ethtool -N, which add the same
}

// drawRules draws rules of every kind, field and action, with masks of every kind; of
// their values most are those of a frame.
func drawRules(r *rand.Rand, most, queues int, frames [][]byte) drawnRules {
	var d drawnRules
	var listing strings.Builder
	rules := r.IntN(most + 1)
	fmt.Fprintf(&listing, "%d RX rings available\nTotal %d rules\n\n", queues, rules)
	for _, location := range r.Perm(rules + 3)[:rules] {
		facts := plain.FactsOf(frames[r.IntN(len(frames))])
		kind := ruleKinds[r.IntN(len(ruleKinds))]
		for range 8 { // most are of the frame's kind
			if about := kind.protocol(); strings.HasSuffix(kind.word, fmt.Sprint(facts.Version)) && (about < 0 || about == facts.Protocol) {
				break
			}
			kind = ruleKinds[r.IntN(len(ruleKinds))]
		}
		fmt.Fprintf(&listing, "Filter: %d\n\t%s\n", location, kind.title)
		words := "flow-type " + kind.word
		few := r.IntN(12) // how few of the fields are compared
		for _, f := range kind.fields {
			n := fieldBytes(f.name, kind.word)
			value, ignored := make([]byte, n), make([]byte, n)
			if met := facts.Fields[f.name]; len(met) == n {
				copy(value, met)
			} else if f.name == "SPI" {
				value[3] = byte(52 + r.IntN(2))
			}
			for i := range n {
				switch r.IntN(30) {
				case 0:
					value[i] ^= 1 << r.IntN(8)
				case 1:
					ignored[i] = byte(r.Uint32())
				}
			}
			switch r.IntN(5 + few) {
			case 0, 1:
			case 2: // the end, or the beginning, of an address
				for i := r.IntN(n); i < n; i++ {
					ignored[i] = 0xff
				}
			case 3:
				for i := range r.IntN(n) {
					ignored[i] = 0xff
				}
			default:
				for i := range ignored {
					ignored[i] = 0xff
				}
				if r.IntN(2) == 0 {
					continue // not printed
				}
			}
			if f.name == "User-defined" && r.IntN(16) > 0 {
				continue
			}
			shown := slices.Clone(ignored)
			if f.word == "dst-mac" {
				for i := range shown {
					shown[i] = ^shown[i]
				}
			}
			fmt.Fprintf(&listing, "\t%s: %s mask: %s\n", f.name, printed(f.name, value), printedMask(f.name, shown))
			words += fmt.Sprintf(" %s %s %s %s", f.word, printed(f.name, value), []string{"m", f.word + "-mask"}[r.IntN(2)], printedMask(f.name, ignored))
		}
		action, doing := drawAction(r, queues)
		fmt.Fprintf(&listing, "%s\n\n", action)
		d.words = append(d.words, fmt.Sprintf("%s %s loc %d", words, doing, location))
	}
	d.listing = listing.String()
	return d
}

// drawAction is an action in both ways of saying it; contexts are 1 and 2.
func drawAction(r *rand.Rand, queues int) (listing, words string) {
	queue, context, base := r.IntN(queues), 1+r.IntN(2), r.IntN(queues/2+1)
	switch r.IntN(9) {
	case 0, 1:
		return "\tAction: Drop", "action -1"
	case 2:
		return "\tAction: Wake-on-LAN", "action -2"
	case 3:
		vf := r.IntN(2)
		return fmt.Sprintf("\tAction: Direct to VF %d queue %d", vf, queue), fmt.Sprintf("vf %d queue %d", vf, queue)
	case 4:
		return fmt.Sprintf("\tRSS Context ID: %d\n\tAction: Direct to queue %d", context, base), fmt.Sprintf("context %d action %d", context, base)
	case 5:
		if base > 0 {
			return fmt.Sprintf("\tAction: Direct to RSS Context %d (queue base offset: %d)", context, base), fmt.Sprintf("context %d action %d", context, base)
		}
		return fmt.Sprintf("\tAction: Direct to RSS Context %d", context), fmt.Sprintf("context %d", context)
	}
	return fmt.Sprintf("\tAction: Direct to queue %d", queue), fmt.Sprintf("action %d", queue)
}

// fieldBytes is the length of a field.
func fieldBytes(name, kind string) int {
	switch name {
	case "Src MAC addr", "Dest MAC addr":
		return 6
	case "Src IP addr", "Dest IP addr":
		if strings.HasSuffix(kind, "6") {
			return 16
		}
		return 4
	case "TOS", "Traffic Class", "Protocol":
		return 1
	case "SPI", "L4 bytes":
		return 4
	case "User-defined":
		return 8
	}
	return 2
}

// printed is a value as ethtool prints it.
func printed(name string, b []byte) string {
	switch {
	case strings.HasSuffix(name, "IP addr"):
		a, _ := netip.AddrFromSlice(b)
		return a.String()
	case strings.HasSuffix(name, "MAC addr"):
		return strings.ToUpper(strings.ReplaceAll(fmt.Sprintf("% x", b), " ", ":"))
	case strings.HasSuffix(name, "port") || name == "SPI" || name == "Protocol":
		return fmt.Sprint(binary.BigEndian.Uint64(append(make([]byte, 8-len(b)), b...)))
	}
	return fmt.Sprintf("%#x", binary.BigEndian.Uint64(append(make([]byte, 8-len(b)), b...)))
}

// printedMask is a mask as ethtool prints it.
func printedMask(name string, b []byte) string {
	if strings.HasSuffix(name, "addr") {
		return printed(name, b)
	}
	return printed("", b)
}
