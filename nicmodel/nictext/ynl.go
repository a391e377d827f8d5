package nictext

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rssreplay/hash"
	"rssreplay/nicmodel/internal/lazyregexp"
	"rssreplay/nicmodel/internal/quote"
)

// ynlMember is a member that an answer to rss-get has.
var ynlMember = lazyregexp.New(`['"](?:indir|hkey)['"]\s*:`)

const ynlHint = "give what `ynl --family ethtool --dump rss-get` prints, unchanged"

// readYNL reads the answers to `ynl --family ethtool --dump rss-get`, or --do, as Python
// or, with --output-json, as JSON: the main table of one interface. Those of RSS contexts
// are other tables, and left out.
//
// Sources: Linux 6.12 and 6.17, Documentation/netlink/specs/ethtool.yaml (rss),
// tools/net/ynl/pyynl/cli.py, which has bytes as hexadecimal in JSON; net/ethtool/rss.c.
func readYNL(lines []string) (*ImportedTable, error) {
	p := ynlReader{text: strings.Join(lines, "\n")}
	var main map[string]any
	contexts := false
	for {
		next := strings.IndexByte(p.text[p.at:], '{')
		if next < 0 {
			break
		}
		p.at += next
		start := p.at
		value, err := p.value(0)
		answer, _ := value.(map[string]any)
		_, table := answer["indir"]
		_, key := answer["hkey"]
		line := 1 + strings.Count(p.text[:start], "\n")
		switch {
		case err != nil && !ynlMember.MatchString(p.text[start:]): // a prompt with a brace, say
			return ynlTable(main, contexts)
		case err != nil:
			return nil, &TextError{Line: line, What: err.Error(), Hint: ynlHint}
		case !table && !key:
			continue
		case answer["context"] != nil && answer["context"] != uint64(0):
			contexts = true
		case main != nil:
			return nil, &TextError{Line: line, What: "a second main table starts here", Hint: `ask for one interface: ynl --family ethtool --do rss-get --json '{"header":{"dev-name":"eth0"}}'`}
		default:
			main = answer
		}
	}
	return ynlTable(main, contexts)
}

// ynlTable is the table of an answer; contexts tells that there were other ones.
func ynlTable(answer map[string]any, contexts bool) (*ImportedTable, error) {
	switch {
	case answer == nil && contexts:
		return nil, &TextError{What: "these are tables of RSS contexts alone", Hint: `give the main one: ynl --family ethtool --do rss-get --json '{"header":{"dev-name":"eth0"}}'`}
	case answer == nil:
		return nil, &TextError{What: "no answer with a table or a key is here", Hint: ynlHint}
	}
	t := &ImportedTable{Format: YNL, TransformShown: answer["input-xfrm"] != nil, OrXORShown: answer["input-xfrm"] != nil}
	if header, ok := answer["header"].(map[string]any); ok {
		name, _ := header["dev-name"].(string)
		t.Interface = printable(name)
	}
	if key := ynlBytes(answer["hkey"]); len(key) > 0 {
		var err error
		if t.Key, err = wholeKey(hash.Key(key).String()); err != nil {
			return nil, &TextError{What: err.Error(), Hint: ynlHint}
		}
	}
	entries, _ := answer["indir"].([]any)
	if packed := ynlBytes(answer["indir"]); len(packed)%4 == 0 { // before 6.14 they are bytes
		for ; len(packed) > 0; packed = packed[4:] {
			entries = append(entries, uint64(binary.LittleEndian.Uint32(packed)))
		}
	}
	for _, entry := range entries {
		queue, err := parseEntry(fmt.Sprint(entry))
		if err != nil {
			return nil, &TextError{What: err.Error(), Hint: ynlHint}
		}
		t.Table = append(t.Table, queue)
	}
	switch of := answer["hfunc"].(type) { // ETH_RSS_HASH_TOP, _XOR, _CRC32
	case uint64:
		t.Function = map[uint64]HashFunction{0: FunctionNotShown, 1: FunctionToeplitz, 2: FunctionXOR, 4: FunctionCRC32}[of]
		if t.Function == FunctionNotShown && of != 0 {
			t.Function = FunctionUnknown
		}
	case string:
		t.Function = functionNamed(of)
	}
	switch of := fmt.Sprint(answer["input-xfrm"]); strings.Trim(of, "[]") { // RXH_XFRM_SYM_XOR, _OR_XOR, or a set of their names
	case "1", "symmetric-xor", "sym-xor":
		t.Transform = hash.SymmetricXOR
	case "2", "symmetric-or-xor", "sym-or-xor":
		t.Transform = hash.SymmetricOrXOR
	case "<nil>", "0", "", "map":
	default:
		return nil, &TextError{What: fmt.Sprintf("unknown input transformation %s", quote.Short(of)), Hint: "known are symmetric-xor (1) and symmetric-or-xor (2)"}
	}
	t.Hashed, t.Note = ynlHashed(answer)
	return t, checkSize(len(t.Table))
}

// ynlFields are ethtool's letters of the fields of a hash that are emulated, in their order.
var ynlFields = []struct {
	name   string
	letter byte
}{{"ip-src", 's'}, {"ip-dst", 'd'}, {"l4-b-0-1", 'f'}, {"l4-b-2-3", 'n'}}

// ynlHashed is what is hashed of TCP and UDP by the answer, nil where it says nothing that
// can be emulated; note says what can't.
func ynlHashed(answer map[string]any) (hashed map[string]string, note string) {
	of, ok := answer["flow-hash"].(map[string]any)
	if !ok {
		return nil, ""
	}
	hashed = map[string]string{}
	var not []string
	for kind, k := range flowKinds {
		fields, shown := of[k.name].([]any)
		letters := ""
		for _, field := range ynlFields {
			if slices.Contains(fields, any(field.name)) {
				letters += string(field.letter)
			}
		}
		switch {
		case !shown:
		case len(letters) == len(fields) && (letters == "" || letters == "sd" || letters == "sdfn"):
			hashed[kind] = letters
		default:
			not = append(not, k.name)
		}
	}
	slices.Sort(not)
	whole := flowHashReader{answers: &FlowHash{fields: hashed}}
	switch wrong := whole.check(); {
	case wrong != nil:
		return nil, "it says what is hashed of TCP and UDP, which no set of NDIS hash types does, and which is left out"
	case len(not) > 0:
		return hashed, "it says what is hashed of " + strings.Join(not, ", ") + ", which is not emulated, and left out"
	}
	return hashed, ""
}

// ynlBytes are the bytes of a Python literal, or of hexadecimal digits in JSON; nil for
// another value.
func ynlBytes(value any) []byte {
	switch v := value.(type) {
	case []byte:
		return v
	case string:
		decoded, err := hex.DecodeString(strings.Map(func(r rune) rune {
			if r == ':' || r == ' ' {
				return -1
			}
			return r
		}, v))
		if err == nil {
			return decoded
		}
	}
	return nil
}

// ynlReader reads values as Python's repr and JSON write them: objects as map[string]any,
// lists and sets as []any, bytes, strings, whole numbers as uint64; null and None as nil.
type ynlReader struct {
	text string
	at   int
}

// maxYNLDepth bounds how deep values may lie in each other; answers have 3.
const maxYNLDepth = 8

// emptySet is a set without members, as Python writes it: of flags none of which is on.
const emptySet = "set()"

func (p *ynlReader) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// take skips the character, if it is next.
func (p *ynlReader) take(c byte) bool {
	p.space()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *ynlReader) value(depth int) (any, error) {
	switch {
	case depth > maxYNLDepth:
		return nil, fmt.Errorf("values lie deeper in each other than %d", maxYNLDepth)
	case p.take('{'):
		return p.members('}', depth)
	case p.take('['):
		return p.members(']', depth)
	}
	rest := p.text[p.at:]
	if strings.HasPrefix(rest, emptySet) {
		p.at += len(emptySet)
		return []any(nil), nil
	}
	if rest == "" {
		return nil, fmt.Errorf("the answer ends early")
	}
	if rest[0] == '\'' || rest[0] == '"' {
		text, err := p.quoted()
		return string(text), err
	}
	if strings.HasPrefix(rest, "b'") || strings.HasPrefix(rest, `b"`) {
		return p.bytes()
	}
	word := rest
	if end := strings.IndexAny(rest, ",:]} \t\n"); end >= 0 {
		word = rest[:end]
	}
	p.at += len(word)
	switch word {
	case "None", "null":
		return nil, nil
	case "True", "true", "False", "false":
		return word, nil
	}
	n, err := strconv.ParseUint(word, 0, 64)
	if err != nil {
		return nil, fmt.Errorf("%s is no value", quote.Short(word))
	}
	return n, nil
}

// members reads what is in { } or [ ]: a map if names with colons are, else a list.
func (p *ynlReader) members(end byte, depth int) (any, error) {
	var named map[string]any
	var list []any
	for !p.take(end) {
		if len(named)+len(list) > 0 && !p.take(',') {
			return nil, fmt.Errorf("%s is not followed by a comma or %c", quote.Short(p.text[:p.at][max(0, p.at-20):]), end)
		}
		if p.take(end) { // after a last comma
			break
		}
		value, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		name, isName := value.(string)
		if end == '}' && isName && p.take(':') {
			if value, err = p.value(depth + 1); err != nil {
				return nil, err
			}
			if named == nil {
				named = map[string]any{}
			}
			named[name] = value
			continue
		}
		list = append(list, value)
	}
	if named != nil {
		return named, nil
	}
	return list, nil
}

// bytes reads one literal of bytes, or several that Python has put on lines of their own.
func (p *ynlReader) bytes() ([]byte, error) {
	var all []byte
	for {
		p.at++ // the b
		part, err := p.quoted()
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
		p.space()
		if rest := p.text[p.at:]; !strings.HasPrefix(rest, "b'") && !strings.HasPrefix(rest, `b"`) {
			return all, nil
		}
	}
}

// quoted reads what is in quotes, with Python's escapes.
func (p *ynlReader) quoted() ([]byte, error) {
	mark := p.text[p.at]
	p.at++
	var text []byte
	for p.at < len(p.text) {
		c := p.text[p.at]
		p.at++
		switch {
		case c == mark:
			return text, nil
		case c != '\\':
			text = append(text, c)
			continue
		case p.at == len(p.text):
			continue
		}
		c = p.text[p.at]
		p.at++
		switch at := strings.IndexByte(`tnr\'"0abfv`, c); {
		case c == 'x':
			digits := p.text[p.at:min(p.at+2, len(p.text))]
			n, err := strconv.ParseUint(digits, 16, 8)
			if err != nil || len(digits) < 2 {
				return nil, fmt.Errorf("\\x%s is no byte", printable(digits))
			}
			text = append(text, byte(n))
			p.at += 2
		case at >= 0:
			text = append(text, "\t\n\r\\'\"\x00\a\b\f\v"[at])
		default:
			return nil, fmt.Errorf("\\%s is no escape", printable(string(rune(c))))
		}
	}
	return nil, fmt.Errorf("a string does not end")
}

// isYNL reports whether a line has a member of an answer to rss-get.
func isYNL(lines []string) bool { return slices.ContainsFunc(lines, ynlMember.MatchString) }
