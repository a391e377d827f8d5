package steer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Command is what ethtool -N is told: to add a rule, or to delete one.
type Command struct {
	Rule   Rule
	Placed bool // the location was given; else the highest free one is taken
	Delete bool // the rule at the location
}

// fieldWords are ethtool's words for fields; of those with a kind, it is the one that
// they are for.
var fieldWords = map[string]Field{
	"src": SourceMAC, "dst": DestinationMAC, "proto": EtherType, "dst-mac": DestinationMAC,
	"src-ip": SourceIP, "dst-ip": DestinationIP, "tos": Class, "tclass": Class, "l4proto": Protocol,
	"src-port": SourcePort, "dst-port": DestinationPort, "spi": SPI, "l4data": L4Bytes,
	"vlan-etype": TagType, "vlan": Tag, "user-def": UserData,
}

// ParseCommand reads ethtool's own words, `flow-type tcp4 dst-port 443 action 3`, with
// or without `ethtool -N DEV` before them. A mask's bits that are 1 are ignored, as
// ethtool has it.
func ParseCommand(text string) (Command, error) {
	words := strings.Fields(text)
	if i := slices.IndexFunc(words, func(w string) bool { return w == "flow-type" || w == "delete" }); i > 0 {
		words = words[i:]
	}
	if len(words) < 2 {
		return Command{}, errors.New("write it as for ethtool: flow-type tcp4 dst-port 443 action 3")
	}
	switch words[0] {
	case "delete":
		return parseDelete(words[1:])
	case "flow-type":
		return parseRule(words[1], words[2:])
	}
	return Command{}, fmt.Errorf("%q is not where a rule begins: write it as for ethtool, flow-type tcp4 dst-port 443 action 3", words[0])
}

// parseDelete reads what follows delete.
func parseDelete(words []string) (Command, error) {
	n, err := strconv.ParseUint(words[0], 10, 31)
	if err != nil || len(words) > 1 {
		return Command{}, errors.New("delete is followed by the number of a filter, and by nothing else")
	}
	return Command{Rule: Rule{Location: int(n)}, Placed: true, Delete: true}, nil
}

// parseRule reads what follows flow-type and its value.
func parseRule(flowType string, words []string) (Command, error) {
	kind, ok := kindNamed(flowType)
	if !ok {
		return Command{}, fmt.Errorf("%q is no flow-type; there is %s", flowType, strings.Join(kindNames[Ether:], ", "))
	}
	c, acts := Command{Rule: Rule{Kind: kind}}, false
	for len(words) > 0 {
		if len(words) < 2 {
			return Command{}, fmt.Errorf("%s has no value", words[0])
		}
		word, value, used := words[0], words[1], 2
		var err error
		switch word {
		case "action", "queue", "vf", "context":
			acts = true
			err = c.Rule.parseAction(word, value)
		case "loc":
			c.Placed = true
			c.Rule.Location, err = parseNumber(word, value, 0, 1<<31-1)
		default:
			mask := ""
			if len(words) > 3 && (words[2] == "m" || words[2] == word+"-mask") {
				mask, used = words[3], 4
			}
			err = c.Rule.parseField(word, value, mask)
		}
		if err != nil {
			return Command{}, err
		}
		words = words[used:]
	}
	if !acts {
		return Command{}, errors.New("says nothing of what to do: end it with action N, N a queue, or -1 to drop")
	}
	return c, nil
}

// parseAction reads one of the words that say what the rule does with a packet.
func (r *Rule) parseAction(word, value string) (err error) {
	const mostQueue = 1<<16 - 2
	switch word {
	case "action":
		n, err := parseNumber(word, value, -2, mostQueue)
		if err != nil {
			return err
		}
		switch n {
		case -1:
			r.Action = Drop
		case -2:
			r.Action = WakeOnLAN
		default:
			r.Queue = n
		}
	case "queue":
		r.Queue, err = parseNumber(word, value, 0, mostQueue)
	case "vf":
		r.Action = ToVF
		r.VF, err = parseNumber(word, value, 0, 255)
	case "context":
		r.Action = ToContext
		r.Context, err = parseNumber(word, value, 0, 1<<31-1)
	}
	return err
}

// parseField reads a field that the rule compares, by ethtool's word for it.
func (r *Rule) parseField(word, value, mask string) error {
	field, known := fieldWords[word]
	if !known || !r.Kind.takes(field, word) {
		return fmt.Errorf("%s is no word of a rule of flow-type %s", word, r.Kind)
	}
	compare, err := parseCompare(field, r.Kind, value, mask)
	if err != nil {
		return err
	}
	if r.compares(field) {
		return fmt.Errorf("%s is given twice: leave one of them out", word)
	}
	r.Add(compare)
	return nil
}

// parseNumber reads a word's value, a number as C writes it.
func parseNumber(word, value string, least, most int64) (int, error) {
	n, err := strconv.ParseInt(value, 0, 64)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s must be a number from %d to %d, not %q", word, least, most, value)
	}
	return int(n), nil
}

// Word is ethtool's word for the field in a rule of the kind, "src-ip".
func (f Field) Word(k Kind) string {
	for word, field := range fieldWords {
		if field == f && k.takes(f, word) {
			return word
		}
	}
	return ""
}

// Whole reports whether all of the field's bits are compared, in a rule of the kind.
func (c *Compare) Whole(k Kind) bool { return c.Mask == invert([16]byte{}, c.Field.bytes(k)) }

// takes reports whether ethtool takes the word for a field in a rule of the kind.
func (k Kind) takes(f Field, word string) bool {
	switch f {
	case TagType, Tag, UserData:
		return true
	case DestinationMAC:
		return (word == "dst") == (k == Ether)
	case SourceMAC, EtherType:
		return k == Ether
	case Class:
		return word == map[uint8]string{4: "tos", 6: "tclass"}[k.Version()]
	case SourceIP, DestinationIP:
		return k.Version() != 0
	case SourcePort, DestinationPort:
		return k.hasPorts()
	case SPI:
		return k == AH4 || k == ESP4 || k == AH6 || k == ESP6
	case Protocol, L4Bytes:
		return k == IP4 || k == IP6
	}
	return false
}

// parseCompare reads a field's value and mask, whose bits that are 1 are ignored; ""
// compares all.
func parseCompare(f Field, k Kind, value, ignored string) (Compare, error) {
	c := Compare{Field: f}
	var err error
	if c.Value, err = ParseField(f, k, value); err != nil {
		return c, err
	}
	if ignored != "" {
		if c.Mask, err = ParseField(f, k, ignored); err != nil {
			return c, err
		}
	}
	c.Mask = invert(c.Mask, f.bytes(k))
	return c, nil
}

// invert flips the bits of the first n bytes.
func invert(b [16]byte, n int) [16]byte {
	for i := range n {
		b[i] = ^b[i]
	}
	return b
}

// Ignoring makes the comparison of a field of whose bits those in ignored are not
// compared, as ethtool prints masks.
func Ignoring(f Field, k Kind, value, ignored [16]byte) Compare {
	return Compare{Field: f, Value: value, Mask: invert(ignored, f.bytes(k))}
}

// ParseField reads a field's value, or its mask: an address, or a number as C writes it.
func ParseField(f Field, k Kind, text string) ([16]byte, error) {
	var b [16]byte
	switch n := f.bytes(k); f {
	case SourceMAC, DestinationMAC:
		mac, err := net.ParseMAC(text)
		if err != nil || len(mac) != n {
			return b, fmt.Errorf("%q is no MAC address", text)
		}
		copy(b[:], mac)
	case SourceIP, DestinationIP:
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" || addr.Is4() != (n == 4) {
			return b, fmt.Errorf("%q is no IPv%d address", text, k.Version())
		}
		copy(b[:], addr.AsSlice())
	default:
		v, err := strconv.ParseUint(text, 0, 64)
		if err != nil || n < 8 && v>>(8*n) != 0 {
			return b, fmt.Errorf("%q is no number of %d bits", text, 8*n)
		}
		var whole [8]byte
		binary.BigEndian.PutUint64(whole[:], v)
		copy(b[:], whole[8-n:])
	}
	return b, nil
}

// Apply adds the commands' rules to those that there are, and takes away what they
// delete. One without a location takes the highest free one below size, as ethtool
// does; a rule at a taken location replaces what is there.
func Apply(rules []Rule, commands []Command, size int) ([]Rule, error) {
	rules = slices.Clone(rules)
	at := func(location int) int {
		return slices.IndexFunc(rules, func(r Rule) bool { return r.Location == location })
	}
	for _, r := range rules {
		size = max(size, r.Location+1)
	}
	for _, c := range commands {
		rule := c.Rule
		if !c.Placed {
			rule.Location = size - 1
			for at(rule.Location) >= 0 {
				rule.Location--
			}
			if rule.Location < 0 {
				return nil, fmt.Errorf("all %d locations of rules are taken: delete one", size)
			}
		}
		switch i := at(rule.Location); {
		case c.Delete && i < 0:
			return nil, fmt.Errorf("delete %d: there is no such rule", rule.Location)
		case c.Delete:
			rules = slices.Delete(rules, i, i+1)
		case i >= 0:
			rules[i] = rule
		default:
			rules = append(rules, rule)
		}
	}
	return rules, nil
}
