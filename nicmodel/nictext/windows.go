package nictext

import (
	"fmt"
	"strconv"
	"strings"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/internal/quote"
)

var (
	windowsTable     = lazily(`^IndirectionTable:?\s*\[Group:Number\]\s*:?(.*)$`)
	windowsLabel     = lazily(`^(\w+)\s*:(?:\s*\[[^\]]*\])?\s*:?\s*(.*)$`)
	windowsProcessor = lazily(`^(\d{1,5}):(\d{1,5})$`)
)

// readWindows reads what Get-NetAdapterRss prints of one adapter: the table
// beside its label or on the lines below, with spaces or tabs between the
// entries, and with the breaks that a narrow console put into long lines.
func readWindows(lines []string) (*ImportedTable, error) {
	t := &ImportedTable{Format: WindowsNetAdapter}
	var fields []windowsField
	tableLine, inTable := -1, false
	for i, line := range lines {
		if m := windowsTable.FindStringSubmatch(line); m != nil {
			if tableLine >= 0 {
				return nil, &TextError{Line: i + 1, What: "a second table starts here", Hint: "give one adapter's only: Get-NetAdapterRss -Name IF"}
			}
			tableLine, inTable = i, true
			fields = addFields(fields, i, m[1])
			continue
		}
		if inTable {
			if isCut(line) {
				return nil, cutError(i)
			}
			if strings.Trim(line, "0123456789: \t") == "" {
				fields = addFields(fields, i, line)
				continue
			}
			inTable = false
		}
		m := windowsLabel.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		switch m[1] {
		case "Name":
			if tableLine < 0 {
				t.Interface = m[2]
			}
		case "NumberOfReceiveQueues":
			n, err := strconv.ParseUint(m[2], 10, 16)
			if err != nil {
				return nil, &TextError{Line: i + 1, What: fmt.Sprintf("NumberOfReceiveQueues is %s", quote.Short(m[2])), Hint: "give the output of Get-NetAdapterRss unchanged"}
			}
			if tableLine < 0 {
				t.Rings = int(n)
			}
		}
	}
	if wrong := t.addProcessors(fields); wrong != nil {
		return nil, wrong
	}
	if t.Rings > 0 && len(t.Processors) > t.Rings {
		return nil, &TextError{Line: tableLine + 1, What: fmt.Sprintf("the table has %d different CPUs, but the adapter %d receive queues", len(t.Processors), t.Rings), Hint: "give NumberOfReceiveQueues and a table that belong together"}
	}
	return t, checkSize(len(t.Table))
}

// windowsField is a word of the table, and the line from 0 that it ends in.
type windowsField struct {
	text string
	line int
}

// addFields adds the words of line i. Where the console broke a line inside an
// entry ("0:1" and "2", "0:" and "12"), its parts are no whole entry alone, and
// become one again.
func addFields(fields []windowsField, i int, line string) []windowsField {
	for n, text := range strings.Fields(line) {
		if last := len(fields) - 1; n == 0 && last >= 0 && len(fields[last].text) < len("65535:63") &&
			(!windowsProcessor.MatchString(text) || !windowsProcessor.MatchString(fields[last].text)) {
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
		m := windowsProcessor.FindStringSubmatch(field.text)
		if m == nil {
			return &TextError{Line: field.line + 1, What: fmt.Sprintf("%s is no entry", quote.Short(field.text)), Hint: "entries are processors, group:number"}
		}
		group, err1 := strconv.ParseUint(m[1], 10, 16)
		number, err2 := strconv.ParseUint(m[2], 10, 16)
		if err1 != nil || err2 != nil || number > 63 {
			return &TextError{Line: field.line + 1, What: fmt.Sprintf("%s is no processor", quote.Short(field.text)), Hint: "Windows numbers processors from 0 to 63 in each group"}
		}
		p := Processor{uint16(group), uint16(number)}
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
