package nicmodel

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"rssreplay/hash"
)

var (
	ethtoolHeader = regexp.MustCompile(`^RX flow hash indirection table for (\S+) with (\d+) RX ring\(s\):`)
	ethtoolRow    = regexp.MustCompile(`^(\d+):((?:\s+\d+)+)$`)
	// Not any bracket: "[root@host ~]# ethtool --json -x eth0" is a prompt.
	jsonStart     = regexp.MustCompile(`^(\[?\s*\{|\[$)`)
	ethtoolSwitch = regexp.MustCompile(`^(\S+): (on|off)$`)
)

const notSupported = "Operation not supported"

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
	table      *ImportedTable
	part       ethtoolPart
	headerLine int // from 0
	key        string
	keyLine    int // from 0
	xor        bool
	orXOR      bool
	noTable    bool   // the driver supports none
	unknown    bool   // bits of the transformation that ethtool does not know
	tableEnd   int    // line from 0 that ended the table, for the error about a row after it
	endedWith  string // that line
}

// readEthtool reads the text of ethtool -x, of every version: with or without
// key, function and transformation.
func readEthtool(lines []string) (*ImportedTable, error) {
	r := &ethtoolReader{table: &ImportedTable{Format: EthtoolText}}
	for i, line := range lines {
		// ethtool 3.16 ends a row of less than 8 entries without a line end.
		if row, ok := strings.CutSuffix(line, "RSS hash key:"); ok && ethtoolRow.MatchString(row) {
			if wrong := r.line(i, row); wrong != nil {
				wrong.Line = i + 1
				return nil, wrong
			}
			line = "RSS hash key:"
		}
		if wrong := r.line(i, line); wrong != nil {
			wrong.Line = i + 1
			return nil, wrong
		}
	}
	if r.table.Table == nil && !r.noTable {
		return nil, &TableError{Line: r.headerLine + 1, What: "no rows follow this line", Hint: "give the table whole"}
	}
	if r.key != "" {
		key, err := hash.ParseKey(r.key)
		if err != nil {
			return nil, &TableError{Line: r.keyLine + 1, What: err.Error(), Hint: "copy the whole line below RSS hash key:"}
		}
		r.table.Key = key
	}
	// Some kernels set bits in the transformation of NICs that have none (fixed
	// in 2026): both names on, or unknown bits, mean that none is set.
	switch {
	case r.unknown, r.xor && r.orXOR:
	case r.xor:
		r.table.Transform = hash.SymmetricXOR
	case r.orXOR:
		r.table.Transform = hash.SymmetricOrXOR
	}
	return r.table, checkSize(len(r.table.Table))
}

// line reads line i, counted from 0.
func (r *ethtoolReader) line(i int, line string) *TableError {
	if line == "" {
		return nil
	}
	if m := ethtoolHeader.FindStringSubmatch(line); m != nil {
		return r.header(i, m[1], m[2])
	}
	if r.table.Interface == "" {
		return nil // what stands before the table, such as a shell prompt
	}
	if part, ok := ethtoolTitles[line]; ok {
		r.startPart(i, line, part)
		r.table.TransformShown = r.table.TransformShown || part == partTransform
		return nil
	}
	if row := ethtoolRow.FindStringSubmatch(line); row != nil {
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

func (r *ethtoolReader) startPart(i int, line string, part ethtoolPart) {
	if r.part == partTable {
		r.tableEnd, r.endedWith = i, line
	}
	r.part = part
}

func (r *ethtoolReader) header(i int, iface, rings string) *TableError {
	if r.table.Interface != "" {
		return &TableError{What: "a second table starts here", Hint: "give one interface's table only"}
	}
	n, err := strconv.ParseUint(rings, 10, 64)
	if err != nil || n < 1 || n > MaxTableSize {
		return &TableError{What: fmt.Sprintf("%.20s RX rings", rings), Hint: fmt.Sprintf("a NIC has from 1 to %d: check that the line is copied whole", MaxTableSize)}
	}
	r.table.Interface, r.table.Rings = iface, int(n)
	r.part, r.headerLine = partTable, i
	return nil
}

func (r *ethtoolReader) row(start, entries string) *TableError {
	if r.part != partTable {
		return &TableError{
			What: fmt.Sprintf("a row of the table, but line %d (%s) ended the table", r.tableEnd+1, quoteShort(r.endedWith)),
			Hint: "remove what does not belong to ethtool's output, and give one table",
		}
	}
	have := len(r.table.Table)
	switch first, err := strconv.ParseUint(start, 10, 32); {
	case err != nil:
		return &TableError{What: fmt.Sprintf("a row numbered %.20s", start), Hint: "rows are numbered by their first entry"}
	case int(first) > have:
		return &TableError{What: fmt.Sprintf("row %d follows entry %d: the rows between are missing", first, have-1), Hint: "give the table whole"}
	case int(first) < have:
		return &TableError{What: fmt.Sprintf("row %d comes again or out of order, after entry %d", first, have-1), Hint: "give one table, its rows as ethtool prints them"}
	}
	for _, field := range strings.Fields(entries) {
		queue, err := parseEntry(field)
		if err != nil {
			return &TableError{What: err.Error(), Hint: "check that the row is copied whole"}
		}
		if int(queue) >= r.table.Rings {
			return &TableError{
				What: fmt.Sprintf("entry %d is ring %d, but %s has %d RX rings", len(r.table.Table), queue, quoteShort(r.table.Interface), r.table.Rings),
				Hint: "give a first line and rows that belong together",
			}
		}
		r.table.Table = append(r.table.Table, queue)
	}
	return nil
}

// otherInTable reads a line of the table's part that is no row.
func (r *ethtoolReader) otherInTable(i int, line string) *TableError {
	switch {
	case isCut(line):
		return cutError(i)
	case line == notSupported:
		r.noTable = true
	case line[0] >= '0' && line[0] <= '9':
		return &TableError{What: fmt.Sprintf("%s is no row of a table", quoteShort(line)), Hint: "a row is the number of its first entry, a colon, and entries"}
	}
	r.startPart(i, line, partNone)
	return nil
}

func (r *ethtoolReader) keyText(i int, line string) *TableError {
	switch {
	case line == notSupported:
	case isCut(line):
		return &TableError{What: "the key is cut", Hint: "give the whole key, or remove it here and use --key"}
	case r.key == "":
		r.key, r.keyLine = line, i
		if strings.HasSuffix(line, ":") {
			return nil // a mail program broke the line
		}
	case strings.HasSuffix(r.key, ":") && len(r.key) < 1024: // a kernel's longest is 256 bytes
		r.key += line
		if strings.HasSuffix(line, ":") {
			return nil
		}
	}
	r.part = partNone
	return nil
}

func (r *ethtoolReader) function(line string) *TableError {
	found := FunctionNotShown
	if m := ethtoolSwitch.FindStringSubmatch(line); m != nil {
		if m[2] == "off" {
			return nil
		}
		found = functionNamed(m[1])
	} else if strings.HasPrefix(line, "Unknown hash function:") {
		found = FunctionUnknown
	} else {
		r.part = partNone // "Operation not supported", or what follows ethtool's output
		return nil
	}
	if r.table.Function != FunctionNotShown {
		return &TableError{What: "a second hash function is on", Hint: "a NIC has one: check the lines below RSS hash function:"}
	}
	r.table.Function = found
	return nil
}

func (r *ethtoolReader) transform(line string) *TableError {
	m := ethtoolSwitch.FindStringSubmatch(line)
	switch {
	case line == "symmetric-xor: on":
		r.xor = true
	case line == "symmetric-or-xor: on":
		r.orXOR = true
	case strings.HasPrefix(line, "Unknown bits in RSS input transformation:"):
		r.unknown = true
	case m == nil:
		r.part = partNone // what follows ethtool's output
	case m[2] == "on":
		return &TableError{What: fmt.Sprintf("unknown input transformation %s", quoteShort(m[1])), Hint: "known are symmetric-xor and symmetric-or-xor"}
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
		SymmetricOrXOR bool   `json:"symmetric-or-xor"`
		Raw            uint64 `json:"raw"`
	} `json:"rss-input-transformation"`
}

// readEthtoolJSON reads the array with one object that ethtool --json -x prints.
func readEthtoolJSON(lines []string) (*ImportedTable, error) {
	first := slices.IndexFunc(lines, jsonStart.MatchString)
	if first < 0 {
		return nil, &TableError{What: "JSON without its start", Hint: "give the whole output of ethtool --json -x IF, from [ to ]"}
	}
	text := strings.Join(lines[first:], "\n")
	lineOf := func(offset int64) int {
		return first + 1 + strings.Count(text[:min(max(offset, 0), int64(len(text)))], "\n")
	}

	decoder := json.NewDecoder(strings.NewReader(text))
	var objects []ethtoolObject
	var err error
	if text[0] == '[' {
		err = decoder.Decode(&objects)
	} else {
		objects = make([]ethtoolObject, 1)
		err = decoder.Decode(&objects[0])
	}
	if err != nil {
		return nil, jsonError(err, lineOf, lineOf(int64(len(text))))
	}
	end := decoder.InputOffset()
	if rest := text[end:]; len(objects) > 1 || strings.Contains(rest, `"ifname"`) || strings.Contains(rest, `"rss-`) {
		return nil, &TableError{Line: lineOf(end), What: "more than one table", Hint: "give one interface's table only"}
	}
	if len(objects) == 0 {
		return nil, &TableError{Line: first + 1, What: "an empty JSON array", Hint: "give the output of ethtool --json -x IF"}
	}
	o := objects[0]
	t := &ImportedTable{Format: EthtoolJSON, Interface: printable(o.IfName)}
	if len(o.Table) > 0 {
		t.Table = o.Table
	}
	if t.Key, err = jsonKey(o.Key); err != nil {
		return nil, &TableError{What: err.Error(), Hint: "check rss-hash-key, or remove it and use --key"}
	}
	switch {
	case o.Function != "":
		t.Function = functionNamed(o.Function)
	case o.FunctionRaw != 0:
		t.Function = FunctionUnknown
	}
	if x := o.Transformation; x != nil {
		t.TransformShown = true
		switch { // as in the text form, bits that contradict mean none
		case x.Raw&^3 != 0, x.SymmetricXOR && x.SymmetricOrXOR:
		case x.SymmetricXOR:
			t.Transform = hash.SymmetricXOR
		case x.SymmetricOrXOR:
			t.Transform = hash.SymmetricOrXOR
		}
	}
	return t, checkSize(len(t.Table))
}

func jsonError(err error, lineOf func(int64) int, lastLine int) *TableError {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return &TableError{Line: lineOf(syntax.Offset), What: syntax.Error(), Hint: "give the whole output of ethtool --json -x IF"}
	case errors.As(err, &mismatch):
		return &TableError{Line: lineOf(mismatch.Offset), What: fmt.Sprintf("%s does not fit %s", mismatch.Value, quoteShort(mismatch.Field)), Hint: "entries are queues from 0 to 65535, key bytes numbers from 0 to 255"}
	}
	return &TableError{Line: lastLine, What: "the JSON ends early", Hint: "give the whole output of ethtool --json -x IF"}
}

func jsonKey(numbers []uint16) (hash.Key, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	key := make(hash.Key, len(numbers))
	for i, v := range numbers {
		if v > 255 {
			return nil, fmt.Errorf("key: byte %d is %d, more than 255", i+1, v)
		}
		key[i] = byte(v)
	}
	return hash.ParseKey(key.String()) // for its rule of the shortest key
}

// WriteEthtool prints the table as ethtool -x (6.15) prints it of a NIC with the
// given interface name, receive rings, key (nil: not supported) and input
// transformation, whose function is Toeplitz. ReadTable reads back the same.
func (t IndirectionTable) WriteEthtool(w io.Writer, iface string, rings int, key hash.Key, transform hash.Transform) error {
	if fields := strings.Fields(iface); len(fields) != 1 || fields[0] != iface || printable(iface) != iface {
		return fmt.Errorf("interface name %s: want printable characters and no spaces", quoteShort(iface))
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "RX flow hash indirection table for %s with %d RX ring(s):\n", iface, rings)
	if len(t) == 0 {
		fmt.Fprintln(b, notSupported)
	}
	for i, queue := range t {
		if i%8 == 0 {
			fmt.Fprintf(b, "%5d: ", i)
		}
		fmt.Fprintf(b, " %5d", queue)
		if i%8 == 7 || i == len(t)-1 {
			fmt.Fprintln(b)
		}
	}
	shown := notSupported
	if len(key) > 0 {
		shown = key.String()
	}
	fmt.Fprintf(b, "RSS hash key:\n%s\n", shown)
	fmt.Fprint(b, "RSS hash function:\n    toeplitz: on\n    xor: off\n    crc32: off\n")
	fmt.Fprint(b, "RSS input transformation:\n")
	for _, x := range []hash.Transform{hash.SymmetricXOR, hash.SymmetricOrXOR} {
		state := "off"
		if x == transform {
			state = "on"
		}
		fmt.Fprintf(b, "    %s: %s\n", x, state)
	}
	return b.Flush()
}
