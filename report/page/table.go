package page

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// table is a table of a page.
type table struct {
	ID      string
	Caption string
	Label   string // for who does not see where it stands; "" where the caption tells it from others
	Fold    string // what its fold is called; "" for what follows from the caption
	Key     string // what its columns are, in sentences
	Head    []head
	Rows    [][]cell
	Numbers bool   // almost all cells are, and have no class for it
	Part    string // of the rows that Rows is, where the script shows all; else ""
	Late    bool   // the script shows it

	all [][]cell // those
}

// Folded is what a fold of the table is called.
func (t *table) Folded() string {
	if t.Fold != "" {
		return t.Fold
	}
	if t.Numbers && !strings.HasPrefix(t.Caption, "All ") {
		return t.Caption + ": all numbers"
	}
	return t.Caption
}

// numbers makes t a table of almost nothing but numbers, of which the page itself has most
// rows at most, 0 for all: those with the most packets. The script shows all.
func (t *table) numbers(most int) {
	t.Numbers = true
	for i := range t.Head {
		if !t.Head[i].Number {
			t.Head[i].Class = "text"
		}
		t.Head[i].Number = false
	}
	for _, row := range t.Rows {
		for i := range row {
			c := &row[i]
			c.Title = "" // the script says it
			if !c.Number {
				c.Class = strings.TrimSpace("text " + c.Class)
			}
			c.Number = false
		}
	}
	at := slices.IndexFunc(t.Head, func(h head) bool { return h.Text == "packets" })
	if most == 0 || len(t.Rows) <= most || at < 0 {
		return
	}
	packets := func(row []cell) uint64 {
		n, _ := strconv.ParseUint(row[at].Value, 10, 64)
		return n
	}
	order := report.MostFirst(len(t.Rows), func(i int) uint64 { return packets(t.Rows[i]) })[:most]
	slices.Sort(order)
	t.all, t.Rows, t.Part = t.Rows, nil, fmt.Sprintf("the %d with the most packets of %s", most, words.Exact(uint64(len(t.Rows))))
	for _, i := range order {
		t.Rows = append(t.Rows, t.all[i])
	}
}

// first leaves to the script all rows but the first most.
func (t *table) first(most int) {
	if len(t.Rows) > most {
		t.all, t.Rows, t.Part = t.Rows, t.Rows[:most], fmt.Sprintf("the first %d of %s", most, words.Exact(uint64(len(t.Rows))))
	}
}

// turned is t with a row for each of its columns but the first, which are scenarios, and a
// column for each of its rows that are wanted.
func (t *table) turned(id, caption string, wanted func(row int) bool) table {
	turned := table{ID: id, Caption: caption, Head: []head{{Text: "scenario"}}, Numbers: t.Numbers}
	if t.Numbers {
		turned.Head[0].Class = "text"
	}
	for _, head := range t.Head[1:] {
		turned.row(cell{Text: head.Text, Head: true, Class: turned.Head[0].Class})
	}
	for i, row := range t.Rows {
		if !wanted(i) {
			continue
		}
		turned.Head = append(turned.Head, head{Text: row[0].Text})
		for k, cell := range row[1:] {
			turned.Rows[k] = append(turned.Rows[k], cell)
		}
	}
	return turned
}

// listedRows are the rows of such a table that a page has itself.
const listedRows = 32

// MarshalJSON writes the table as the script reads it.
func (t *table) MarshalJSON() ([]byte, error) {
	rows := t.all
	if t.Part == "" {
		rows = t.Rows
	}
	return json.Marshal(struct {
		ID      string   `json:"id"`
		Caption string   `json:"caption"`
		Label   string   `json:"label,omitempty"`
		Head    []head   `json:"head"`
		Rows    [][]cell `json:"rows"`
	}{t.ID, t.Caption, t.Label, t.Head, rows})
}

// head is the head of a column.
type head struct {
	Text   string
	Number bool // aligned as numbers are
	Class  string
}

// MarshalJSON writes the head as the script reads it.
func (h head) MarshalJSON() ([]byte, error) {
	return cell{Text: h.Text, Class: h.Class}.MarshalJSON()
}

// Classes are the head's classes.
func (h head) Classes() string { return classes(h.Number, h.Class) }

// classes are those of a head or cell.
func classes(number bool, class string) string {
	if !number {
		return class
	}
	return strings.TrimSpace("number " + class)
}

// cell is one value of a table. A number has its value as JSON has it in
// Value, "" for null, and where Text rounds it all of it in Title.
type cell struct {
	Text, Title string
	Delta       string // from the first scenario's, with its arrow
	Value       string
	Number      bool
	Head        bool
	Class       string
}

// Exact is the number where the text does not say it all, but for commas; else "".
func (c cell) Exact() string {
	if strings.ReplaceAll(c.Text, ",", "") == c.Value {
		return ""
	}
	return c.Value
}

// MarshalJSON writes the cell as the script reads it: its text, or [text, exact number,
// class, delta], of which those at the end are left out that it has not.
func (c cell) MarshalJSON() ([]byte, error) {
	parts := []string{c.Text, c.Exact(), c.Class, c.Delta}
	for len(parts) > 1 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	if len(parts) == 1 {
		return json.Marshal(c.Text)
	}
	return json.Marshal(parts)
}

// Classes are the cell's classes.
func (c cell) Classes() string { return classes(c.Number, c.Class) }

// heads are the heads of columns; a * before the name is for numbers.
func heads(names ...string) []head {
	heads := make([]head, len(names))
	for i, name := range names {
		heads[i].Text, heads[i].Number = strings.CutPrefix(name, "*")
	}
	return heads
}

func (t *table) row(cells ...cell) { t.Rows = append(t.Rows, cells) }

func textCell(s string) cell { return cell{Text: words.Shown(s)} }

func headCell(s string) cell { return cell{Text: words.Shown(s), Head: true} }

func numberCell(n int) cell {
	s := strconv.Itoa(n)
	return cell{Text: s, Value: s, Number: true}
}

func numberHead(n int) cell {
	c := numberCell(n)
	c.Head = true
	return c
}

// nullCell is what there is no number for.
func nullCell() cell { return cell{Text: "–", Number: true} }

func exactCell(n uint64) cell {
	return cell{Text: words.Exact(n), Value: strconv.FormatUint(n, 10), Number: true}
}

func exactOrNull(n *uint64) cell {
	if n == nil {
		return nullCell()
	}
	return exactCell(*n)
}

func bytesCell(n uint64) cell {
	return cell{Text: words.ByteSize(n), Title: words.Exact(n) + " bytes", Value: strconv.FormatUint(n, 10), Number: true}
}

func timeCell(ns int64) cell {
	return cell{Text: words.Nanoseconds(ns), Title: words.ExactNanoseconds(ns), Value: strconv.FormatInt(ns, 10), Number: true}
}

func timeOrNull(ns *int64) cell {
	if ns == nil {
		return nullCell()
	}
	return timeCell(*ns)
}

// fractionCell is f as text says it, with all of it in the title.
func fractionCell(f report.Fraction, text func(report.Fraction) string) cell {
	if f.IsNull() {
		return nullCell()
	}
	value := strconv.FormatFloat(float64(f), 'f', 6, 64) // as JSON
	c := cell{Text: text(f), Title: value, Value: value, Number: true}
	if strings.ReplaceAll(c.Text, ",", "") == strings.TrimSuffix(value, ".000000") {
		c.Title = ""
	}
	return c
}

func shareCell(f report.Fraction) cell { return fractionCell(f, words.Percent[report.Fraction]) }

func fixedCell(f report.Fraction, decimals int) cell {
	return fractionCell(f, func(f report.Fraction) string { return words.Fixed(f, decimals) })
}

// figureCell is a figure of a mode. Those of whole numbers lose nothing as a
// Fraction below 2^53.
func figureCell(f *report.Figure, s *report.Scenario, m *report.Mode) cell {
	v := f.Value(s, m)
	c := fractionCell(v, f.Text)
	if f.Metric == "drops" && v > 0 {
		c.Class = "hot"
	}
	return c
}

// figureTable is the figures of modes side by side.
func figureTable(modes []report.Mode) table {
	t := table{ID: "modes", Caption: "Figures of the modes", Head: heads("figure")}
	for _, m := range modes {
		t.Head = append(t.Head, head{Text: words.Shown(m.Mode), Number: true})
	}
	figures := report.ModeFigures(modes)
	for i := range figures {
		row := []cell{figureHead(figures[i].Label)}
		for k := range modes {
			row = append(row, figureCell(&figures[i], nil, &modes[k]))
		}
		t.row(row...)
	}
	return t
}

func figureHead(label string) cell {
	text, sub := strings.CutPrefix(label, words.Indent)
	c := headCell(text)
	if sub {
		c.Class = "sub"
	}
	return c
}

// cpuTable is all counters of a mode's CPUs.
func cpuTable(id string, m *report.Mode) table {
	t := table{ID: id, Caption: "CPUs under " + words.Shown(m.Mode), Head: heads("*CPU", "*packets", "*share", "*bytes", "*packets/s", "*bit/s", "*flows",
		"*interrupts", "*DPCs", "*packets per DPC", "*max per DPC", "*ISR time", "*DPC time", "*of it for migrations", "*busy",
		"*latency mean", "*p50", "*p90", "*p99", "*p99.9", "*max", "*sent", "*send time", "largest flow, its share of the CPU's packets")}
	places := m.PlaceColumns()
	for i, p := range places {
		t.Head = slices.Insert(t.Head, 1+i, heads("*"+p.Head)...)
	}
	var counters []report.BacklogColumn
	if m.RPS != nil {
		counters = report.BacklogColumns()
	}
	for _, c := range counters {
		t.Head = append(t.Head, heads("*"+c.Head)...)
	}
	for i := range m.CPUs {
		c := &m.CPUs[i]
		largest := ""
		if c.Largest != nil {
			largest = report.LargestShare(c, m.Mode) + " " + report.FlowWords(c.Largest)
		}
		l := &c.Latency
		row := []cell{numberHead(c.CPU), exactCell(c.Packets), shareCell(report.Ratio(c.Packets, m.Totals.Packets)), bytesCell(c.Bytes),
			fractionCell(m.OfTime(c.PacketsPerSecond), words.Rate[report.Fraction]), fractionCell(m.OfTime(c.BitsPerSecond), words.Rate[report.Fraction]), exactCell(c.Flows),
			exactCell(c.Interrupts), exactCell(c.DPCs), fixedCell(c.PacketsPerDPCMean, 2), exactOrNull(c.PacketsPerDPCMax),
			timeCell(c.ISRTime), timeCell(c.DPCTime), timeCell(c.MigrationTime), shareCell(m.OfTime(c.Utilization)),
			fractionCell(l.Mean, report.TimeText), timeOrNull(l.P50), timeOrNull(l.P90), timeOrNull(l.P99), timeOrNull(l.P999), timeOrNull(l.Max),
			exactCell(c.SendPackets), timeCell(c.SendTime), textCell(largest)}
		for i, p := range places {
			row = slices.Insert(row, 1+i, cell{Text: words.NumberOrNone(p.Of(c)), Number: true})
		}
		for _, counter := range counters {
			row = append(row, backlogCell(c.Backlog, counter))
		}
		t.row(row...)
	}
	t.numbers(listedRows)
	return t
}

// backlogCell is a counter of receive packet steering, of a CPU that may have none.
func backlogCell(b *report.Backlog, counter report.BacklogColumn) cell {
	if b == nil {
		return nullCell()
	}
	n := counter.Of(b)
	cell := exactCell(n)
	if counter.Drops && n > 0 {
		cell.Class = "hot"
	}
	return cell
}

func queueTable(id string, m *report.Mode) table {
	t := table{ID: id, Caption: "Queues under " + words.Shown(m.Mode), Head: heads("*queue", "*CPU", "*packets", "*bytes", "*most waiting", "*dropped")}
	for i := range m.Queues {
		q := &m.Queues[i]
		cpu := nullCell()
		if q.CPU != nil {
			cpu = numberCell(*q.CPU)
		}
		drops := exactCell(q.Drops)
		if q.Drops > 0 {
			drops.Class = "hot"
		}
		t.row(numberHead(q.Queue), cpu, exactCell(q.Packets), bytesCell(q.Bytes), exactCell(q.DepthMax), drops)
	}
	t.numbers(listedRows)
	return t
}
