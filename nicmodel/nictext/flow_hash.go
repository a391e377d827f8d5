package nictext

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"rssreplay/hash"
	"rssreplay/nicmodel/internal/lazyregexp"
	"rssreplay/nicmodel/internal/quote"
)

var (
	flowHashTitle   = lazyregexp.New(`^(.*?) ?flows use these fields for computing Hash flow key:$`)
	flowHashDiscard = lazyregexp.New(`^(.*) flows - All matching flows discarded on RX$`)
	flowHashKind    = lazyregexp.New(`^(?:[A-Z][A-Za-z0-9 /()-]* over IPV[46])?$`) // of ip4, ip6 and ether: nothing
	flowHashBegins  = lazyregexp.New(`^[A-Z][A-Za-z0-9 /()-]* over IPV[46]$`)
	flowHashContext = lazyregexp.New(`^For RSS context (\d+):$`)
)

// flowKinds are the kinds of packet whose fields the model's hash types tell,
// by ethtool's words for them.
var flowKinds = map[string]struct {
	ports, addresses hash.Type
	name             string // ethtool's, "tcp4"
}{
	"TCP over IPV4": {hash.TCPIPv4, hash.IPv4, "tcp4"},
	"UDP over IPV4": {hash.UDPIPv4, hash.IPv4, "udp4"},
	"TCP over IPV6": {hash.TCPIPv6, hash.IPv6, "tcp6"},
	"UDP over IPV6": {hash.UDPIPv6, hash.IPv6, "udp6"},
}

// flowFields are ethtool's names of the fields of a hash, and its letters.
var flowFields = map[string]byte{
	"L2DA": 'm', "VLAN tag": 'v', "L3 proto": 't', "IP SA": 's', "IP DA": 'd',
	"L4 bytes 0 & 1 [TCP/UDP src port]": 'f', "L4 bytes 2 & 3 [TCP/UDP dst port]": 'n',
	"GTP TEID": 'e', "IPv6 Flow Label": 'l', // since ethtool 6.9, and 6.19
}

// FlowHash is which fields a NIC hashes of TCP and UDP, as far as a text tells.
type FlowHash struct {
	fields map[string]string // by flowKinds' key: "sdfn", "sd", or "" for no hash
	Note   string            // what may be missing, for the reader of the result
}

// Types changes the enabled hash types to what the NIC hashes. Of what the text
// does not tell they stay as they are.
func (f *FlowHash) Types(types hash.Types) hash.Types {
	for kind, fields := range f.fields {
		k := flowKinds[kind]
		if fields == "sdfn" {
			types |= hash.TypesOf(k.ports)
		} else {
			types &^= hash.TypesOf(k.ports)
		}
		if fields == "" {
			types &^= hash.TypesOf(k.addresses)
		}
	}
	for kind, fields := range f.fields { // last: one kind on its addresses enables them
		if fields == "sd" {
			types |= hash.TypesOf(flowKinds[kind].addresses)
		}
	}
	return types
}

// Merge adds the answers of another text. It is an error if both have one of a kind of
// packet, and not the same.
func (f *FlowHash) Merge(other *FlowHash) error {
	for kind, fields := range other.fields {
		if before, again := f.fields[kind]; again && before != fields {
			return fmt.Errorf("%s is hashed on %s in one and %s in the other", flowKinds[kind].name, cmp.Or(before, "nothing"), cmp.Or(fields, "nothing"))
		}
		f.fields[kind] = fields
	}
	f.Note = cmp.Or(f.Note, other.Note)
	return nil
}

// ReadFlowHash reads what `ethtool -n IF rx-flow-hash KIND` prints of one or of
// several kinds, one after the other. Kinds other than TCP and UDP are hashed on
// their addresses in the model, whatever is said of them. Answers of RSS contexts are
// left out: they are about other tables.
//
// Source: ethtool 7.2, rxclass.c and ethtool.c (dump_rxfhash, unparse_rxfhashopts).
func ReadFlowHash(r io.Reader, name string) (*FlowHash, error) {
	return readText(r, name, readFlowHash)
}

func readFlowHash(lines []string) (*FlowHash, error) {
	r := flowHashReader{answers: &FlowHash{fields: map[string]string{}}, lines: map[string]int{}}
	for i := 0; i < len(lines); i++ {
		if m := flowHashDiscard.FindStringSubmatch(lines[i]); m != nil {
			return nil, &TextError{Line: i + 1, What: m[1] + " packets are discarded, which is not emulated", Hint: "remove them with --filter, and this answer"}
		}
		if m := flowHashContext.FindStringSubmatch(lines[i]); m != nil {
			r.context = m[1]
		} else if m := flowHashTitle.FindStringSubmatch(lines[i]); m != nil {
			kind, fields := strings.TrimSpace(m[1]), flowFieldLines(lines[i+1:])
			if kind == "" && i > 0 && flowHashBegins.MatchString(lines[i-1]) { // mail has broken the line
				kind = lines[i-1]
			}
			if err := r.answer(i+1, kind, fields); err != nil {
				return nil, err
			}
			i += len(fields)
			r.mayBeCut(kind, lines[i+1:])
		} else if _, field := flowFields[lines[i]]; field {
			return nil, &TextError{Line: i + 1, What: quote.Short(lines[i]) + " stands below no line that says what it is of", Hint: "give the whole output of ethtool -n IF rx-flow-hash tcp4, its long lines not broken"}
		}
	}
	switch {
	case !r.any && r.other != "":
		return nil, &TextError{Line: r.otherLine, What: fmt.Sprintf("the answer is about RSS context %s, not about the main table", r.other), Hint: "give the output of ethtool -n IF rx-flow-hash tcp4 without `context`"}
	case !r.any:
		return nil, &TextError{What: "holds no answer about the fields of a hash", Hint: "give the output of ethtool -n IF rx-flow-hash tcp4, and of udp4, tcp6 and udp6"}
	}
	return r.answers, r.check()
}

// flowHashReader reads one text, answer by answer.
type flowHashReader struct {
	answers *FlowHash
	lines   map[string]int // from 1, of each kind's title
	any     bool           // there is an answer about the main table
	context string         // the RSS context that the next answer is about, "" for the main table

	other     string // the first RSS context that was left out
	otherLine int    // from 1, the one that names it
}

// answer takes what is hashed of a kind of packet; line, from 1, is that of its title.
func (r *flowHashReader) answer(line int, kind string, fields []string) error {
	letters, none := "", false
	for i, field := range fields {
		field = strings.TrimLeft(field, "•*+- ") // of a list
		letter, ok := flowFields[field]
		switch {
		case field == "":
		case ok:
			letters += string(letter)
		case field == "None":
			none = true
		case isCut(field):
			return cutError(line + i)
		default:
			return &TextError{Line: line + 1 + i, What: fmt.Sprintf("%s is no field of a hash that is known", quote.Short(field)), Hint: "what a NIC makes of it can't be predicted; give --rx-flow-hash or --hash-types instead of this answer"}
		}
	}
	context := r.context
	r.context = "" // each answer has its own line
	if context != "" {
		if r.other == "" {
			r.other, r.otherLine = context, line-1
		}
		return nil
	}
	r.any = true
	k, known := flowKinds[kind]
	switch {
	case !flowHashKind.MatchString(kind):
		return &TextError{Line: line, What: fmt.Sprintf("%s is no kind of packet that ethtool names", quote.Short(kind)), Hint: "give its output unchanged, with nothing before the lines"}
	case !known:
		return nil
	}
	switch {
	case strings.Contains(letters, "l"):
		return &TextError{Line: line, What: k.name + " is hashed on the IPv6 flow label too, and where that stands in the hash's input is not published", Hint: fmt.Sprintf("the CPU of these packets can't be predicted; `ethtool -N IF rx-flow-hash %s sdfn` takes the label out", k.name)}
	case letters == "" && !none:
		return &TextError{Line: line, What: "no fields follow this line", Hint: "give the whole output of ethtool -n IF rx-flow-hash " + k.name}
	case letters != "" && letters != "sd" && letters != "sdfn":
		return &TextError{Line: line, What: fmt.Sprintf("%s is hashed on the fields %s, which is not emulated", k.name, letters), Hint: "emulated are sd and sdfn (addresses, and addresses and ports)"}
	}
	if before, again := r.answers.fields[kind]; again && before != letters {
		return &TextError{Line: line, What: fmt.Sprintf("%s comes again, and not as on line %d", k.name, r.lines[kind]), Hint: "give one NIC's answers, each once"}
	}
	r.answers.fields[kind], r.lines[kind] = letters, line
	return nil
}

// check refuses what no set of NDIS hash types does: a packet without a type of its own
// is hashed as its addresses' type.
func (r *flowHashReader) check() error {
	for _, version := range []string{"IPV4", "IPV6"} {
		tcp, isTCP := r.answers.fields["TCP over "+version]
		udp, isUDP := r.answers.fields["UDP over "+version]
		if isTCP && isUDP && (tcp == "" && udp == "sd" || tcp == "sd" && udp == "") {
			return &TextError{Line: max(r.lines["TCP over "+version], r.lines["UDP over "+version]),
				What: fmt.Sprintf("of TCP and UDP over %s one is hashed on its addresses and the other not at all, which no set of NDIS hash types does", version), Hint: "give --hash-types instead"}
		}
	}
	return nil
}

// mayBeCut notes an answer of addresses alone that the text ends with: ethtool prints an
// empty line below each, and more fields may have stood above it.
func (r *flowHashReader) mayBeCut(kind string, rest []string) {
	if k, known := flowKinds[kind]; known && r.answers.fields[kind] == "sd" && strings.Join(rest, "\n") == "" && len(rest) < 2 {
		r.answers.Note = fmt.Sprintf("the answer of %s ends with IP DA, and the empty line that ethtool prints below it is not there: if it is cut, ports may be hashed, too", k.name)
	}
}

// flowFieldLines are those of the lines below an answer's title that are its fields; with
// the empty ones between them, where a text has one below every line.
func flowFieldLines(below []string) []string {
	spaced := len(below) > 1 && below[0] == ""
	for i, line := range below {
		if spaced && line == "" && i+1 < len(below) {
			if _, field := flowFields[below[i+1]]; field || below[i+1] == "None" {
				continue
			}
		}
		if endsFlowFields(line) {
			return below[:i]
		}
	}
	return below
}

// endsFlowFields reports whether the line comes after an answer's fields: an empty one, a
// fence of Markdown's, the next answer, a prompt, or another text's title.
func endsFlowFields(line string) bool {
	return strings.Trim(line, "`~") == "" || strings.ContainsAny(line, ":$#") || flowHashDiscard.MatchString(line)
}
