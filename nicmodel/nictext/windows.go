package nictext

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/internal/lazyregexp"
	"rssreplay/nicmodel/internal/quote"
)

var (
	windowsTable = lazyregexp.New(`^IndirectionTable:?\s*\[Group:Number\]\s*:?(.*)$`)
	windowsRow   = lazyregexp.New(`^\d+:\d+(?:\s+\d+:\d+)+$`)
	windowsLabel = lazyregexp.New(`^(\w+)\s*:(?:\s*\[[^\]]*\])?\s*:?\s*(.*)$`)
	// What Get-NetAdapterRss prints with a cmdlet behind it that chooses the form: | ft has
	// columns, | fl * names objects in the place of a table, JSON and CSV have it as objects or
	// not at all, and the member alone has titles of its own.
	windowsOther     = lazyregexp.New(`^(?:Name\s+.*\b(?:NumberOfReceiveQueues|BaseProcessorGroup|BaseProcessor|MaxProcessors)\b|IndirectionTable\s*:\s*\{|RssProcessorArray\s*:\s*\{|.*"IndirectionTable"|.*\bProcessorGroup\s+ProcessorNumber\b)`)
	windowsVMQ       = lazyregexp.New(`^\s*Name\s.*\b(?:BaseVmqProcessor|QueueID\s+MacAddress)\b|^BaseVmqProcessor\b.*:`)
	windowsProcessor = lazyregexp.New(`^(\d{1,5}):(\d{1,5})$`)
	windowsDistance  = lazyregexp.New(`^(\d{1,5}:\d{1,5})/\d+$`) // a word of RssProcessorArray
)

// readWindows reads what Get-NetAdapterRss prints of one adapter: the table
// beside its label or on the lines below, with spaces or tabs between the
// entries, and with the breaks that a narrow console put into long lines.
func readWindows(lines []string) (*ImportedTable, error) {
	r := windowsReader{lines: lines, t: ImportedTable{Format: WindowsNetAdapter}, most: nicmodel.MaxQueues}
	for i := range lines {
		if err := r.line(i); err != nil {
			return nil, err
		}
	}
	t := &r.t
	if wrong := t.addProcessors(r.entries); wrong != nil {
		return nil, wrong
	}
	if r.off > 0 && t.Table != nil {
		return nil, &TextError{Line: r.off, What: "RSS is switched off on this adapter, so that its table is not in use: one processor takes all packets", Hint: "Enable-NetAdapterRss switches it on; to see what the table would do then, remove this line"}
	}
	switch t.Profile {
	case "Closest", "NUMA", "Conservative":
		t.Note = "under its profile, " + t.Profile + ", Windows moves entries with the load: this is the table of the moment when it was shown"
	}
	t.addSpare(r.array, r.most)
	t.addDistances(r.array)
	return t, checkSize(len(t.Table))
}

// windowsReader is what readWindows knows after some of the lines. Lines count from 1; 0: none.
type windowsReader struct {
	lines            []string
	t                ImportedTable
	entries, array   []windowsField // words of the table, and of RssProcessorArray
	inTable, inArray bool
	starts, ends     int // the lines of the table's label, and behind its rows
	off              int // the line that says that RSS is off
	most             int // MaxProcessors
}

// line reads line i, from 0.
func (r *windowsReader) line(i int) error {
	line := r.lines[i]
	if m := windowsTable.FindStringSubmatch(line); m != nil {
		if r.starts > 0 {
			return &TextError{Line: i + 1, What: "a second table starts here", Hint: "give one adapter's only (Get-NetAdapterRss -Name IF), or name it with --dev"}
		}
		r.starts, r.inTable = i+1, true
		r.entries = addFields(r.entries, windowsProcessor, i, m[1])
		return nil
	}
	if r.inTable {
		if isCut(line) {
			return cutError(i)
		}
		if strings.Trim(line, "0123456789: \t") == "" {
			r.entries = addFields(r.entries, windowsProcessor, i, line)
			return nil
		}
		r.inTable, r.ends = false, i+1
	}
	if r.ends > 0 && windowsRow.MatchString(line) {
		return &TextError{
			Line: i + 1, What: fmt.Sprintf("a row of the table, but line %d (%s) ended the table", r.ends, quote.Short(r.lines[r.ends-1])),
			Hint: "remove what does not belong to Get-NetAdapterRss' output, and give all rows",
		}
	}
	if r.inArray = r.inArray && strings.Trim(line, "0123456789:/ \t") == ""; r.inArray {
		r.array = addFields(r.array, windowsDistance, i, line)
		return nil
	}
	if m := windowsLabel.FindStringSubmatch(line); m != nil {
		return r.label(i, m[1], m[2])
	}
	return nil
}

// label takes a value beside its label, on line i, from 0. Behind the table begins what may be
// another adapter's.
func (r *windowsReader) label(i int, name, value string) error {
	before := r.starts == 0
	switch name {
	case "RssProcessorArray":
		r.array, r.inArray = addFields(nil, windowsDistance, i, value), true
	case "Enabled":
		if value == "False" && before {
			r.off = i + 1
		}
	case "Profile":
		if before {
			r.t.Profile = value
		}
	case "MaxProcessors":
		if n, err := strconv.ParseUint(value, 10, 16); err == nil && n > 0 {
			r.most = int(n)
		}
	case "Name":
		if before {
			r.t.Interface = value
		}
	case "NumberOfReceiveQueues":
		n, err := strconv.ParseUint(value, 10, 16)
		if err != nil {
			return &TextError{Line: i + 1, What: fmt.Sprintf("NumberOfReceiveQueues is %s", quote.Short(value)), Hint: "give the output of Get-NetAdapterRss unchanged"}
		}
		if before {
			r.t.Rings = int(n)
		}
	}
	return nil
}

// addSpare adds the first processors of RssProcessorArray that the table does not
// lead to, until there are as many as queues, at most most. Words of the array are
// group:number/distance; of what is none it takes no notice.
func (t *ImportedTable) addSpare(array []windowsField, most int) {
	for _, word := range array {
		if len(t.Processors)+len(t.Spare) >= min(t.Rings, most) {
			return
		}
		processor, _, _ := strings.Cut(word.text, "/")
		p, err := parseProcessor(processor)
		if err == nil && !slices.Contains(t.Processors, p) && !slices.Contains(t.Spare, p) {
			t.Spare = append(t.Spare, p)
		}
	}
}

// addDistances parts the words of RssProcessorArray by their NUMA distance.
func (t *ImportedTable) addDistances(array []windowsField) {
	for _, word := range array {
		processor, distance, told := strings.Cut(word.text, "/")
		p, err := parseProcessor(processor)
		switch n, wrong := strconv.ParseUint(distance, 10, 32); {
		case !told || err != nil || wrong != nil:
		case n == 0:
			t.Near = append(t.Near, p)
		default:
			t.Far = append(t.Far, p)
		}
	}
}

// parseProcessor reads group:number.
func parseProcessor(text string) (Processor, error) {
	m := windowsProcessor.FindStringSubmatch(text)
	if m == nil {
		return Processor{}, &TextError{What: fmt.Sprintf("%s is no entry", quote.Short(text)), Hint: "entries are processors, group:number"}
	}
	group, err1 := strconv.ParseUint(m[1], 10, 16)
	number, err2 := strconv.ParseUint(m[2], 10, 16)
	if err1 != nil || err2 != nil || number > 63 {
		return Processor{}, &TextError{What: fmt.Sprintf("%s is no processor", quote.Short(text)), Hint: "Windows numbers processors from 0 to 63 in each group"}
	}
	return Processor{uint16(group), uint16(number)}, nil
}

// windowsField is a word of the table or the array, and the line from 0 that it ends in.
type windowsField struct {
	text string
	line int
}

// addFields adds the words of line i. Where the console broke a line inside a word
// ("0:1" and "2", "0:" and "12"), its parts are no whole one alone, and become one
// again.
func addFields(fields []windowsField, whole *lazyregexp.Regexp, i int, line string) []windowsField {
	for n, text := range strings.Fields(line) {
		if last := len(fields) - 1; n == 0 && last >= 0 && len(fields[last].text) < len("65535:63") &&
			(!whole.MatchString(text) || !whole.MatchString(fields[last].text)) {
			fields[last] = windowsField{fields[last].text + text, i}
			continue
		}
		fields = append(fields, windowsField{text, i})
	}
	return fields
}

// addProcessors fills the table: its entries are indexes into the different
// processors.
func (t *ImportedTable) addProcessors(fields []windowsField) *TextError {
	index := map[Processor]uint16{}
	for _, field := range fields {
		p, err := parseProcessor(field.text)
		if wrong, ok := errors.AsType[*TextError](err); ok {
			wrong.Line = field.line + 1
			return wrong
		}
		if _, known := index[p]; !known {
			if len(t.Processors) == nicmodel.MaxTableSize {
				return &TextError{Line: field.line + 1, What: "too many different processors", Hint: "give one adapter's table"}
			}
			index[p] = uint16(len(t.Processors))
			t.Processors = append(t.Processors, p)
		}
		t.Table = append(t.Table, index[p])
	}
	return nil
}
