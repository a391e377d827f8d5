package nictext

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"rssreplay/nicmodel/internal/lazyregexp"
	"rssreplay/nicmodel/internal/quote"
	"rssreplay/nicmodel/steer"
)

var (
	rulesTotal   = lazyregexp.New(`^Total (\d+) rules$`)
	rulesFilter  = lazyregexp.New(`^Filter: (\d+)$`)
	rulesUnknown = lazyregexp.New(`^rxclass: Unknown flow type`)
	rulesNone    = lazyregexp.New(`^(?:rxclass: )?Cannot get RX class rule count: Operation not supported`)
	rulesCommand = lazyregexp.New(`\bethtool (?:-N|-U|--config-n\w+) \S+ flow-type `)
	ruleField    = lazyregexp.New(`^([^:]+): (\S+) mask: (\S+)$`)
	ruleContext  = lazyregexp.New(`^Direct to RSS Context (?:ID )?(\d+)(?: \(queue base offset: (\d+)\))?$`)
	ruleVF       = lazyregexp.New(`^Direct to VF (\d+) queue (\d+)$`)
)

// Rules are a NIC's ntuple rules, in the order of the text.
type Rules struct {
	List    []steer.Rule
	Unknown []int // the locations of those whose type ethtool did not know
	Cut     []CutRule
}

// CutRule is a rule of which fields that ethtool always prints have no line: it takes
// packets whatever they have there.
type CutRule struct {
	Location int
	Fields   []string // "Dest port"
}

// ruleKinds are the kinds by what ethtool prints after "Rule Type:" and "Flow Type:".
var ruleKinds = map[string]steer.Kind{
	"TCP over IPv4": steer.TCP4, "UDP over IPv4": steer.UDP4, "SCTP over IPv4": steer.SCTP4,
	"IPSEC AH over IPv4": steer.AH4, "IPSEC ESP over IPv4": steer.ESP4, "Raw IPv4": steer.IP4,
	"TCP over IPv6": steer.TCP6, "UDP over IPv6": steer.UDP6, "SCTP over IPv6": steer.SCTP6,
	"IPSEC AH over IPv6": steer.AH6, "IPSEC ESP over IPv6": steer.ESP6, "Raw IPv6": steer.IP6,
	"Raw Ethernet": steer.Ether,
}

// ruleFields are the fields by their name in a line. Their masks show the bits that are
// ignored, but that of an IP rule's destination MAC address.
var ruleFields = map[string]steer.Field{
	"Src MAC addr": steer.SourceMAC, "Dest MAC addr": steer.DestinationMAC, "Ethertype": steer.EtherType,
	"Src IP addr": steer.SourceIP, "Dest IP addr": steer.DestinationIP, "TOS": steer.Class, "Traffic Class": steer.Class,
	"Protocol": steer.Protocol, "Src port": steer.SourcePort, "Dest port": steer.DestinationPort, "SPI": steer.SPI,
	"L4 bytes": steer.L4Bytes, "VLAN EtherType": steer.TagType, "VLAN": steer.Tag, "User-defined": steer.UserData,
}

// ReadRules reads what `ethtool -n DEV` prints, also quoted with `|` or `>`. Sources:
// ethtool 6.1 to 7.2 (rxclass.c), and posts of drivers' authors.
func ReadRules(r io.Reader, name string) (*Rules, error) { return readText(r, name, readRules) }

func readRules(lines []string) (*Rules, error) {
	r := rulesReader{total: -1, rules: &Rules{}}
	for i, line := range lines {
		if err := r.line(i+1, strings.TrimSpace(strings.TrimLeft(line, "| \t"))); err != nil {
			return nil, err
		}
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	switch n := len(r.rules.List); {
	case r.total < 0 && n == 0 && !r.none:
		if i := slices.IndexFunc(lines, rulesCommand.MatchString); i >= 0 {
			return nil, &TextError{Line: i + 1, What: "sets a rule, and is no listing", Hint: "give the output of ethtool -n DEV, or this command's words from flow-type on, as --rule 'flow-type tcp4 dst-port 443 action 3'"}
		}
		return nil, &TextError{What: "holds no rules", Hint: "give the output of ethtool -n DEV"}
	case r.total >= 0 && r.total != n:
		what := fmt.Sprintf("says that there are %d rules, and %d follow", r.total, n)
		if r.notShown > 0 {
			return nil, &TextError{Line: r.notShown, What: what + ": ethtool did not know the type of the others", Hint: "take a newer ethtool"}
		}
		return nil, &TextError{Line: r.totalLine, What: what, Hint: "give the listing whole"}
	}
	return r.rules, nil
}

// rulesReader reads a listing line by line.
type rulesReader struct {
	rules     *Rules
	total     int // −1 as long as no line says it
	totalLine int
	notShown  int // the line that says that a rule was not shown
	none      bool

	rule      *steer.Rule
	ruleLine  int
	typed     bool
	acts      bool
	contextID bool // the context's number has a line of its own
	pending   []pendingField
}

// pendingField is a field's line, which is read once the rule's kind is known.
type pendingField struct {
	line               int
	name, value, masks string
}

func (r *rulesReader) line(n int, line string) error {
	switch {
	case rulesTotal.MatchString(line):
		if r.total >= 0 {
			return &TextError{Line: n, What: "a second listing begins here", Hint: "give that of one interface"}
		}
		total, err := strconv.Atoi(rulesTotal.FindStringSubmatch(line)[1])
		if err != nil {
			return &TextError{Line: n, What: "no number of rules", Hint: "give the listing whole"}
		}
		r.total, r.totalLine = total, n
	case rulesUnknown.MatchString(line):
		r.notShown = n
	case rulesNone.MatchString(line):
		r.none = true
	case isCut(line):
		if r.inside() {
			return cutError(n - 1)
		}
	case rulesFilter.MatchString(line):
		if err := r.end(); err != nil {
			return err
		}
		location, err := strconv.ParseInt(rulesFilter.FindStringSubmatch(line)[1], 10, 32)
		if err != nil {
			return &TextError{Line: n, What: "no number of a filter", Hint: "give the listing as ethtool prints it"}
		}
		r.rule, r.ruleLine = &steer.Rule{Location: int(location)}, n
		r.typed, r.acts, r.contextID, r.pending = false, false, false, nil
	case r.rule != nil:
		return r.ruleLineOf(n, line)
	case ruleField.MatchString(line), strings.HasPrefix(line, "Action: "), strings.HasPrefix(line, "Rule Type: "):
		return &TextError{Line: n, What: fmt.Sprintf("%s stands below no line that says which filter it is of", quote.Short(line)), Hint: "give the listing whole"}
	}
	return nil
}

// inside reports whether the listing has begun, and its last rule is not whole yet: what
// people write above it and below may have dots.
func (r *rulesReader) inside() bool {
	n := len(r.rules.List)
	if r.rule != nil && r.acts {
		n++
	}
	return (r.total >= 0 || r.rule != nil) && n != r.total
}

// ruleLineOf reads a line of a rule.
func (r *rulesReader) ruleLineOf(n int, line string) error {
	name, value, ok := strings.Cut(line, ": ")
	_, known := ruleFields[strings.TrimRight(name, ":")]
	switch {
	case !ok && !known:
		return r.otherLine(n, line)
	case name == "Rule Type" || name == "Flow Type":
		r.rule.Kind, r.typed = ruleKinds[value], true
	case name == "RSS Context ID":
		context, err := strconv.ParseUint(value, 10, 31)
		if err != nil {
			return &TextError{Line: n, What: fmt.Sprintf("%s is no RSS context", quote.Short(value)), Hint: "give the listing as ethtool prints it"}
		}
		r.rule.Context, r.contextID = int(context), true
	case name == "Action":
		return r.action(n, value)
	case known:
		m := ruleField.FindStringSubmatch(line)
		if m == nil {
			return &TextError{Line: n, What: fmt.Sprintf("%s has not both a value and a mask", quote.Short(line)), Hint: wholeRules}
		}
		r.pending = append(r.pending, pendingField{n, m[1], m[2], m[3]})
	default:
		return r.otherLine(n, line)
	}
	return nil
}

const wholeRules = "give the listing whole, its lines as ethtool prints them: a rule takes more packets without a condition"

// otherLine reads a line below a rule's title that is none of a rule. Before the rule's
// action it may be a condition that is cut, or one that is not known.
func (r *rulesReader) otherLine(n int, line string) error {
	r.typed = r.typed || strings.HasPrefix(line, "Unknown Flow type")
	if r.acts || line == "" || r.rule.Kind == steer.Unknown { // of which nothing is known
		return nil
	}
	return &TextError{Line: n, What: fmt.Sprintf("%s is no line of a rule that is known", quote.Short(line)), Hint: wholeRules}
}

func (r *rulesReader) action(n int, text string) error {
	if r.acts {
		return &TextError{Line: n, What: "a second action of the rule", Hint: "give the listing as ethtool prints it"}
	}
	r.acts = true
	number := func(s string) int {
		v, err := strconv.ParseUint(s, 10, 31)
		if err != nil {
			return -1
		}
		return int(v)
	}
	rule := r.rule
	queue, toQueue := strings.CutPrefix(text, "Direct to queue ")
	switch context, vf := ruleContext.FindStringSubmatch(text), ruleVF.FindStringSubmatch(text); {
	case text == "Drop":
		rule.Action = steer.Drop
	case text == "Wake-on-LAN":
		rule.Action = steer.WakeOnLAN
	case vf != nil:
		rule.Action, rule.VF, rule.Queue = steer.ToVF, number(vf[1]), number(vf[2])
	case context != nil:
		rule.Action, rule.Context = steer.ToContext, number(context[1])
		if context[2] != "" {
			rule.Queue = number(context[2])
		}
	case toQueue:
		rule.Queue = number(queue)
	default:
		return &TextError{Line: n, What: fmt.Sprintf("%s is no action that is known", quote.Short(text)), Hint: "give the listing as ethtool prints it, or leave this rule and its place in the total out"}
	}
	if rule.Queue < 0 || rule.Context < 0 || rule.VF < 0 {
		return &TextError{Line: n, What: fmt.Sprintf("%s has a number that is too large", quote.Short(text)), Hint: "give the listing as ethtool prints it"}
	}
	return nil
}

// end ends a rule.
func (r *rulesReader) end() error {
	rule := r.rule
	if rule == nil {
		return nil
	}
	r.rule = nil
	if !r.acts {
		return &TextError{Line: r.ruleLine, What: fmt.Sprintf("filter %d has no action", rule.Location), Hint: "give the listing whole"}
	}
	if r.contextID && rule.Action == steer.ToQueue { // above the action, or below it
		rule.Action = steer.ToContext
	}
	if !r.typed {
		return &TextError{Line: r.ruleLine, What: fmt.Sprintf("filter %d has no line of its type", rule.Location), Hint: "give the listing whole"}
	}
	if rule.Kind == steer.Unknown {
		r.rules.Unknown = append(r.rules.Unknown, rule.Location)
	} else {
		for _, p := range r.pending {
			if err := addField(rule, p); err != nil {
				return err
			}
		}
		r.missing(rule)
	}
	if len(r.rules.List) == steer.MaxRules {
		return &TextError{Line: r.ruleLine, What: fmt.Sprintf("more than %d rules", steer.MaxRules), Hint: "give the listing of one interface"}
	}
	r.rules.List = append(r.rules.List, *rule)
	return nil
}

// missing notes the fields that ethtool prints of every rule of the kind, and that have no
// line here.
func (r *rulesReader) missing(rule *steer.Rule) {
	var names []string
	for _, name := range fieldsOf(rule.Kind) {
		if !slices.ContainsFunc(r.pending, func(p pendingField) bool { return p.name == name }) {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		r.rules.Cut = append(r.rules.Cut, CutRule{rule.Location, names})
	}
}

// fieldsOf are the fields that ethtool prints of every rule of the kind, set or not.
// Source: ethtool 7.2, rxclass.c, rxclass_print_nfc_rule.
func fieldsOf(kind steer.Kind) []string {
	of4, of6 := []string{"Src IP addr", "Dest IP addr", "TOS"}, []string{"Src IP addr", "Dest IP addr", "Traffic Class"}
	switch kind {
	case steer.TCP4, steer.UDP4, steer.SCTP4:
		return append(of4, "Src port", "Dest port")
	case steer.TCP6, steer.UDP6, steer.SCTP6:
		return append(of6, "Src port", "Dest port")
	case steer.AH4, steer.ESP4:
		return append(of4, "SPI")
	case steer.AH6, steer.ESP6:
		return append(of6, "SPI")
	case steer.IP4:
		return append(of4, "Protocol", "L4 bytes")
	case steer.IP6:
		return append(of6, "Protocol", "L4 bytes")
	case steer.Ether:
		return []string{"Src MAC addr", "Dest MAC addr", "Ethertype"}
	}
	return nil
}

// addField adds what a line says to the rule.
func addField(rule *steer.Rule, p pendingField) error {
	field := ruleFields[p.name]
	wrong := func(err error) error {
		return &TextError{Line: p.line, What: fmt.Sprintf("%s: %v", p.name, err), Hint: "give the listing as ethtool prints it"}
	}
	value, err := steer.ParseField(field, rule.Kind, p.value)
	if err != nil {
		return wrong(err)
	}
	mask, err := steer.ParseField(field, rule.Kind, p.masks)
	if err != nil {
		return wrong(err)
	}
	if field == steer.DestinationMAC && rule.Kind != steer.Ether {
		rule.Add(steer.Compare{Field: field, Value: value, Mask: mask})
		return nil
	}
	rule.Add(steer.Ignoring(field, rule.Kind, value, mask))
	return nil
}
