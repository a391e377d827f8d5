package nictext

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/internal/lazyregexp"
	"rssreplay/nicmodel/internal/quote"
)

var (
	ethtoolHeader = lazyregexp.New(`^RX flow hash indirection table for (\S+) with (\d+) RX ring\(s\):`)
	ethtoolRow    = lazyregexp.New(`^(\d+):((?:\s+\d+)+)$`)
	ethtoolBehind = lazyregexp.New(`\D(\d+):(?:\s+\d+)+$`) // a row behind something else
	ethtoolSwitch = lazyregexp.New(`^(\S+): (on|off)$`)
	// The key beside its title, or alone where the title was lost.
	ethtoolKey = lazyregexp.New(`^RSS hash key:\s*(\S+)$`)
	// A prompt with the command. It may ask for the table of an RSS context, which the answer
	// does not name. Source: ethtool 7.2, netlink/rss.c.
	ethtoolCommand = lazyregexp.New(`\s(?:-x|--show-rxfh(?:-indir)?)\s+(\S+)(?:\s+context\s+(\d+))?$`)
)

const notSupported = "Operation not supported"

// withoutHeader is the first row of a table whose first line was not copied, from 0, -1
// without one: rows as ethtool has them, and the key's title below.
func withoutHeader(lines []string) int {
	row := slices.IndexFunc(lines, ethtoolRow.MatchString)
	if row < 0 || slices.ContainsFunc(lines, ethtoolHeader.MatchString) || !slices.Contains(lines[row:], "RSS hash key:") {
		return -1
	}
	return row
}

// ethtoolPart is the part of ethtool's output that a line stands in.
type ethtoolPart uint8

const (
	partNone ethtoolPart = iota
	partTable
	partKey
	partFunction
	partTransform
)

// ethtoolTitles start the parts after the table.
var ethtoolTitles = map[string]ethtoolPart{
	"RSS hash key:":             partKey,
	"RSS hash function:":        partFunction,
	"RSS input transformation:": partTransform,
}

// ethtoolReader collects the text form of ethtool -x, line by line.
type ethtoolReader struct {
	table       *ImportedTable
	part        ethtoolPart
	headerLine  int // from 0
	rowLine     int // that of the last row, from 0
	lastLine    int // the last one that is not empty, from 0
	key         string
	keyLine     int                     // from 0
	titled      [partTransform + 1]int  // the line of each part's title, from 1
	shown       [partTransform + 1]bool // the part has the lines that ethtool prints
	xor         bool
	orXOR       bool
	noTable     bool // the driver supports none
	toeplitzOff bool
	unknown     bool   // bits of the transformation that ethtool does not know
	tableEnd    int    // line from 0 that ended the table, for the error about a row after it
	endedWith   string // that line
}

// readEthtool reads the text of ethtool -x, of every version: with or without
// key, function and transformation.
func readEthtool(lines []string) (*ImportedTable, error) {
	r := &ethtoolReader{table: &ImportedTable{Format: EthtoolText}}
	for i, line := range lines {
		parts := []string{line}
		// ethtool 3.16 ends a row of less than 8 entries without a line end.
		if row, ok := strings.CutSuffix(line, "RSS hash key:"); ok && ethtoolRow.MatchString(row) {
			parts = []string{row, "RSS hash key:"}
		}
		for _, part := range parts {
			if wrong := r.line(i, part); wrong != nil {
				wrong.Line = i + 1
				return nil, wrong
			}
		}
	}
	r.table.Context = contextAsked(lines[:r.headerLine], r.table.Interface)
	if r.table.Table == nil && !r.noTable {
		return nil, &TextError{Line: r.headerLine + 1, What: "no rows follow this line", Hint: "give the table whole"}
	}
	if wrong := r.cut(); wrong != nil {
		return nil, wrong
	}
	if r.key != "" {
		key, err := wholeKey(r.key)
		if err != nil {
			return nil, &TextError{Line: r.keyLine + 1, What: err.Error(), Hint: "copy the whole line below RSS hash key:"}
		}
		r.table.Key = key
	}
	r.table.Transform = transformOf(r.xor, r.orXOR, r.unknown)
	return r.table, checkSize(len(r.table.Table))
}

// transformOf is the input transformation that is on. Some kernels set bits in that of NICs that
// have none (fixed in 2026): both names on, or unknown bits, mean that none is set.
func transformOf(xor, orXOR, unknown bool) hash.Transform {
	switch {
	case unknown || xor == orXOR:
		return hash.NoTransform
	case xor:
		return hash.SymmetricXOR
	}
	return hash.SymmetricOrXOR
}

// contextAsked is the RSS context that the last prompt above a table of the interface asks
// for; 0 without one.
func contextAsked(above []string, iface string) int {
	for _, line := range slices.Backward(above) {
		if m := ethtoolCommand.FindStringSubmatch(line); m != nil {
			if m[1] != iface && !strings.HasPrefix(m[1], "$") {
				return 0
			}
			context, _ := strconv.Atoi(m[2]) // of digits; one that is too large is none
			return context
		}
	}
	return 0
}

// line reads line i, counted from 0.
func (r *ethtoolReader) line(i int, line string) *TextError {
	if line == "" {
		return nil
	}
	r.lastLine = i
	if m := ethtoolHeader.FindStringSubmatch(line); m != nil {
		return r.header(i, m[1], m[2])
	}
	if r.table.Interface == "" { // what stands before the table, such as a shell prompt
		return nil
	}
	if part, ok := ethtoolTitles[line]; ok {
		r.title(i, line, part)
		return nil
	}
	if m := ethtoolKey.FindStringSubmatch(line); m != nil {
		r.title(i, line, partKey)
		return r.keyText(i, m[1])
	}
	if cutOff(line) {
		return &TextError{What: fmt.Sprintf("%s is a line that is cut", quote.Short(line)), Hint: wholeEthtool}
	}
	if part := switchPart(line); part != partNone && r.part != part { // its title was lost
		r.title(i, line, part)
	}
	if row := ethtoolRow.FindStringSubmatch(line); row != nil {
		r.rowLine = i
		return r.row(row[1], row[2])
	}
	switch r.part {
	case partTable:
		return r.otherInTable(i, line)
	case partKey:
		return r.keyText(i, line)
	case partFunction:
		return r.function(line)
	case partTransform:
		return r.transform(line)
	}
	return nil
}

// switchPart is the part that a line of a hash function or a transformation belongs to;
// partNone for other lines.
func switchPart(line string) ethtoolPart {
	m := ethtoolSwitch.FindStringSubmatch(line)
	switch {
	case m == nil:
		return partNone
	case functionNamed(m[1]) != FunctionUnknown:
		return partFunction
	case m[1] == "symmetric-xor", m[1] == "symmetric-or-xor":
		return partTransform
	}
	return partNone
}

// title starts a part that line i, from 0, is the title of, or stands for it.
func (r *ethtoolReader) title(i int, line string, part ethtoolPart) {
	r.startPart(i, line, part)
	r.titled[part] = i + 1
	r.table.TransformShown = r.table.TransformShown || part == partTransform
}

func (r *ethtoolReader) startPart(i int, line string, part ethtoolPart) {
	if r.part == partTable {
		r.tableEnd, r.endedWith = i, line
	}
	r.part = part
}

func (r *ethtoolReader) header(i int, iface, rings string) *TextError {
	if r.table.Interface == iface {
		return &TextError{What: "a second table of " + quote.Short(iface) + " starts here", Hint: "give one; one of later as a file of its own (--table-at TIME=FILE), one of an RSS context with --context N=FILE"}
	}
	if r.table.Interface != "" {
		return &TextError{What: "a second table starts here", Hint: "give one interface's table only, or name it with --dev"}
	}
	n, err := strconv.ParseUint(rings, 10, 64)
	if err != nil || n < 1 || n > nicmodel.MaxQueues {
		return &TextError{What: fmt.Sprintf("%.20s RX rings", rings), Hint: fmt.Sprintf("a NIC has from 1 to %d: check that the line is copied whole", nicmodel.MaxQueues)}
	}
	r.table.Interface, r.table.Rings = iface, int(n)
	r.part, r.headerLine = partTable, i
	return nil
}

func (r *ethtoolReader) row(start, entries string) *TextError {
	have := len(r.table.Table)
	first, err := strconv.ParseUint(start, 10, 32)
	if r.part != partTable && err == nil && int(first) < have {
		return nil // another text's, as numactl's distances
	}
	if r.part != partTable {
		return &TextError{
			What: fmt.Sprintf("a row of the table, but line %d (%s) ended the table", r.tableEnd+1, quote.Short(r.endedWith)),
			Hint: "remove what does not belong to ethtool's output, and give one table",
		}
	}
	switch {
	case err != nil:
		return &TextError{What: fmt.Sprintf("a row numbered %.20s", start), Hint: "rows are numbered by their first entry"}
	case int(first) > have:
		return &TextError{What: fmt.Sprintf("row %d follows entry %d: the rows between are missing", first, have-1), Hint: "give the table whole"}
	case int(first) < have:
		return &TextError{What: fmt.Sprintf("row %d comes again or out of order, after entry %d", first, have-1), Hint: "give one table, its rows as ethtool prints them"}
	}
	for field := range strings.FieldsSeq(entries) {
		queue, err := parseEntry(field)
		if err != nil {
			return &TextError{What: err.Error(), Hint: "check that the row is copied whole"}
		}
		r.table.Table = append(r.table.Table, queue)
	}
	return nil
}

const wholeEthtool = "give the whole output of ethtool -x"

// ethtoolLines are the lines below the table of which the words are fixed.
var ethtoolLines = []string{
	"RSS hash key:", "RSS hash function:", "RSS input transformation:",
	"toeplitz: on", "toeplitz: off", "xor: on", "xor: off", "crc32: on", "crc32: off",
	"symmetric-xor: on", "symmetric-xor: off", "symmetric-or-xor: on", "symmetric-or-xor: off",
}

// cutOff reports whether the line is the beginning of one of ethtoolLines, and no more.
func cutOff(line string) bool {
	return len(line) > 3 && slices.ContainsFunc(ethtoolLines, func(whole string) bool {
		return len(line) < len(whole) && strings.HasPrefix(whole, line)
	})
}

// cut reports what is missing at the end of a part, and notes what may be.
func (r *ethtoolReader) cut() error {
	for part := partKey; part <= partTransform; part++ {
		if r.titled[part] > 0 && !r.shown[part] {
			return &TextError{Line: r.titled[part], What: "nothing of this part follows this line", Hint: wholeEthtool}
		}
	}
	if r.titled[partFunction] > 0 && r.toeplitzOff && r.table.Function == FunctionNotShown {
		return &TextError{
			Line: r.titled[partFunction], What: "toeplitz is off, and no line below says which hash function is on",
			Hint: wholeEthtool + "; where these are all lines, the NIC hashes with a function that ethtool does not name, and can't be predicted",
		}
	}
	if r.titled[partKey] == 0 && r.key == "" && !r.noTable && r.rowLine == r.lastLine {
		r.table.Note = fmt.Sprintf("it ends with entry %d, where ethtool from 3.16 on goes on with the hash key: unless it is older, rows may be missing", len(r.table.Table)-1)
	}
	return r.cutRow()
}

// rowEntries is how many entries ethtool prints in a row.
const rowEntries = 8

// cutRow reports a last row that is no whole one, of a table that has fewer entries than
// there are rings, and a queue that is none of them. Other tables with such queues are
// stale, or a driver's fault.
func (r *ethtoolReader) cutRow() error {
	n := len(r.table.Table) % rowEntries
	for _, queue := range r.table.Table[len(r.table.Table)-n:] {
		if len(r.table.Table) < r.table.Rings && int(queue) >= r.table.Rings {
			return &TextError{
				Line: r.rowLine + 1, What: fmt.Sprintf("the table's last row is cut: it has %d of %d entries, and names queue %d of %d RX ring(s)", n, rowEntries, queue, r.table.Rings),
				Hint: "give the table whole",
			}
		}
	}
	return nil
}

// otherInTable reads a line of the table's part that is no row.
func (r *ethtoolReader) otherInTable(i int, line string) *TextError {
	switch {
	case isCut(line):
		return cutError(i)
	case line == notSupported:
		r.noTable = true
	case keyLine.MatchString(line): // its title was lost
		r.startPart(i, line, partKey)
		return r.keyText(i, line)
	case line[0] >= '0' && line[0] <= '9':
		return &TextError{What: fmt.Sprintf("%s is no row of a table", quote.Short(line)), Hint: "a row is the number of its first entry, a colon, and entries"}
	}
	if m := ethtoolBehind.FindStringSubmatch(line); m != nil && m[1] == strconv.Itoa(len(r.table.Table)) {
		return &TextError{What: fmt.Sprintf("%s has a row of the table behind something else", quote.Short(line)), Hint: wholeEthtool + ", unchanged"}
	}
	r.startPart(i, line, partNone)
	return nil
}

// keyText reads a line below the key's title: the key, or more of one whose line a mail
// program or a terminal has broken.
func (r *ethtoolReader) keyText(i int, line string) *TextError {
	switch {
	case r.key == "" && line == notSupported:
		r.part = partNone
	case isCut(line):
		return &TextError{What: "the key is cut", Hint: "give the whole key, or remove it here and use --key"}
	case r.key == "":
		r.key, r.keyLine = line, i
	case len(r.key) < 1024 && strings.Trim(line, "0123456789abcdefABCDEF:") == "": // a kernel's longest is 256 bytes
		r.key += line
	default:
		r.part = partNone
	}
	r.shown[partKey] = true
	return nil
}

func (r *ethtoolReader) function(line string) *TextError {
	found := FunctionNotShown
	if m := ethtoolSwitch.FindStringSubmatch(line); m != nil {
		r.shown[partFunction] = true
		if m[2] == "off" {
			r.toeplitzOff = r.toeplitzOff || m[1] == FunctionToeplitz.String()
			return nil
		}
		found = functionNamed(m[1])
	} else if strings.HasPrefix(line, "Unknown hash function:") {
		found = FunctionUnknown
	} else {
		r.part = partNone // "Operation not supported", or what follows ethtool's output
		r.shown[partFunction] = r.shown[partFunction] || line == notSupported
		return nil
	}
	r.shown[partFunction] = true
	if r.table.Function != FunctionNotShown {
		return &TextError{What: "a second hash function is on", Hint: "a NIC has one: check the lines below RSS hash function:"}
	}
	r.table.Function = found
	return nil
}

func (r *ethtoolReader) transform(line string) *TextError {
	m := ethtoolSwitch.FindStringSubmatch(line)
	r.shown[partTransform] = r.shown[partTransform] || m != nil
	switch {
	case line == "symmetric-xor: on":
		r.xor = true
	case m != nil && m[1] == "symmetric-or-xor":
		r.orXOR, r.table.OrXORShown = m[2] == "on", true
	case strings.HasPrefix(line, "Unknown bits in RSS input transformation:"):
		r.unknown, r.shown[partTransform] = true, true
	case m == nil:
		r.part = partNone // what follows ethtool's output
	case m[2] == "on":
		return &TextError{What: fmt.Sprintf("unknown input transformation %s", quote.Short(m[1])), Hint: "known are symmetric-xor and symmetric-or-xor"}
	}
	return nil
}

// ethtoolObject is one interface of ethtool --json -x. Keys of size 0 are
// absent; bytes and entries are decimal numbers.
type ethtoolObject struct {
	IfName         string   `json:"ifname"`
	Table          []uint16 `json:"rss-indirection-table"`
	Key            []uint16 `json:"rss-hash-key"` // not []byte, which JSON has as base64
	Function       string   `json:"rss-hash-function"`
	FunctionRaw    uint64   `json:"rss-hash-function-raw"`
	Transformation *struct {
		SymmetricXOR   bool   `json:"symmetric-xor"`
		SymmetricOrXOR *bool  `json:"symmetric-or-xor"` // nil before 6.15
		Raw            uint64 `json:"raw"`
	} `json:"rss-input-transformation"`
}

// readEthtoolJSON reads the array with one object that ethtool --json -x prints.
func readEthtoolJSON(lines []string) (*ImportedTable, error) {
	o, err := decodeEthtool[ethtoolObject](lines, "-x", "entries are queues from 0 to 65535, key bytes numbers from 0 to 255")
	if err != nil {
		return nil, err
	}
	if o.IfName == "" && o.Table == nil && o.Key == nil {
		return nil, &TextError{What: "the members of ethtool's JSON are deeper within another program's", Hint: "give the whole output of ethtool --json -x IF, and nothing around it"}
	}
	t := &ImportedTable{Format: EthtoolJSON, Interface: printable(o.IfName)}
	t.Context = contextAsked(lines[:slices.IndexFunc(lines, jsonStart.MatchString)], t.Interface)
	if len(o.Table) > 0 {
		t.Table = o.Table
	}
	if t.Key, err = jsonKey(o.Key); err != nil {
		return nil, &TextError{What: err.Error(), Hint: "check rss-hash-key, or remove it and use --key"}
	}
	switch {
	case o.Function != "":
		t.Function = functionNamed(o.Function)
	case o.FunctionRaw != 0:
		t.Function = FunctionUnknown
	}
	if x := o.Transformation; x != nil {
		t.TransformShown, t.OrXORShown = true, x.SymmetricOrXOR != nil
		t.Transform = transformOf(x.SymmetricXOR, t.OrXORShown && *x.SymmetricOrXOR, x.Raw&^3 != 0)
	}
	return t, checkSize(len(t.Table))
}

func jsonKey(numbers []uint16) (hash.Key, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	key := make(hash.Key, len(numbers))
	for i, v := range numbers {
		if v > 255 {
			return nil, fmt.Errorf("byte %d of the key is %d, more than 255", i+1, v)
		}
		key[i] = byte(v)
	}
	return wholeKey(key.String())
}

// wholeKey parses a NIC's own key. None has less than 40 bytes, so a shorter one
// was cut.
func wholeKey(text string) (hash.Key, error) {
	key, err := hash.ParseKey(text)
	if err == nil && len(key) < minNICKey {
		err = fmt.Errorf("key of %d bytes, but the hash over IPv6 addresses and ports takes %d, and NICs have %[2]d or more", len(key), minNICKey)
	}
	return key, err
}

// minNICKey is the length in bytes of the shortest key that a NIC has: its
// longest input, of 36, and 4.
const minNICKey = 40
