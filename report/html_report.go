package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// htmlReport is the body of a report's page.
type htmlReport struct {
	*htmlPage
	Tiles    []htmlTile
	Findings []htmlFinding
	Received bool // else there is nothing below the findings
	CPUs     []htmlPanel
	Figures  htmlTable
	Entries  *htmlEntries // nil without a packet that was hashed
	Time     []htmlTimeline
	Latency  []htmlPanel
	Queues   []htmlPanel
	Flows    *htmlFlows
	OneMode  bool
}

// htmlTile is one figure of the first screen.
type htmlTile struct {
	Name, Value, Title, Note string
	Class                    string // "hot", "warm" or ""
}

// htmlFinding is a finding as the page shows it.
type htmlFinding struct {
	Finding
	Class string
	Mark  string // so that severity is not told by colour alone
}

// htmlPanel is one mode's or scenario's drawing and its table.
type htmlPanel struct {
	Name  string
	Title string
	Plot  *htmlPlot // nil: nothing to draw
	Table htmlTable
}

func newHTMLReport(r *Report, page *htmlPage, flows *htmlFlows) *htmlReport {
	h := &htmlReport{htmlPage: page, Received: r.Capture.Received > 0, OneMode: len(r.Modes) == 1}
	for _, f := range r.Findings {
		h.Findings = append(h.Findings, newHTMLFinding(f))
	}
	if !h.Received {
		return h
	}
	h.Tiles = tiles(r)
	h.Figures = figureTable(r.Modes)
	h.Entries = newHTMLEntries(&r.Table)
	h.Flows = flows
	modes := modesOf(r.Modes)
	loads := loadPlots(modes)
	latencies := latencyPlots(modes)
	depths := depthPlots(r.Modes, r.ring())
	for i := range r.Modes {
		m := &r.Modes[i]
		name, title := shown(m.Mode), modeTitle(m.Mode)
		h.CPUs = append(h.CPUs, htmlPanel{name, title, loads[i], cpuTable(fmt.Sprintf("cpus-%d", i), m)})
		h.Latency = append(h.Latency, htmlPanel{Name: name, Title: title, Plot: latencies[i]})
		h.Queues = append(h.Queues, htmlPanel{name, title, depths[i], queueTable(fmt.Sprintf("queues-%d", i), m)})
		h.Time = append(h.Time, newHTMLTimeline(r, i))
	}
	return h
}

func modesOf(modes []Mode) []*Mode {
	of := make([]*Mode, len(modes))
	for i := range modes {
		of[i] = &modes[i]
	}
	return of
}

// ringParameter names the parameter that says how many buffers a queue has.
const ringParameter = "rx-ring"

// ring is the buffers of a queue; 0 where the parameters do not say it.
func (r *Report) ring() uint64 {
	for _, p := range r.Parameters {
		if n, ok := p.Value.(int); ok && p.Name == ringParameter && n > 0 {
			return uint64(n)
		}
	}
	return 0
}

// tiles are the figures of the first screen, of the mode that ComparedMode names.
func tiles(r *Report) []htmlTile {
	at := ComparedMode(r.Modes)
	if at < 0 {
		return nil
	}
	m, c := &r.Modes[at], &r.Capture
	tiles := []htmlTile{{Name: "received packets", Value: count(c.Received), Title: exact(c.Received), Note: byteSize(c.Bytes) + " in the capture"}}
	if r.FlowsNote == "" && r.FlowsTotal > 0 {
		tiles[0].Note = "in " + plural(r.FlowsTotal, "flow", "flows")
	}
	if most := m.mostLoaded(); most != nil && m.Totals.Packets > 0 {
		share := Ratio(most.Packets, m.Totals.Packets)
		tiles = append(tiles, htmlTile{
			Name: "the most loaded CPU", Value: fmt.Sprintf("CPU %d", most.CPU), Title: exact(most.Packets) + " packets",
			Note:  fmt.Sprintf("%s of the packets of %s", percent(share), plural(uint64(len(m.CPUs)), "CPU", "CPUs")),
			Class: heatClass(share * Fraction(len(m.CPUs))),
		}, htmlTile{
			Name: "imbalance", Value: fixed(m.Imbalance.Packets, 2) + " ×", Note: "the most loaded CPU ÷ the mean; 1 is even",
			Title: fixed(m.Imbalance.Packets, 6), Class: heatClass(m.Imbalance.Packets),
		})
	}
	drops := htmlTile{Name: "dropped", Value: count(m.Totals.Drops), Title: exact(m.Totals.Drops) + " packets", Note: "no ring ran out of buffers"}
	if m.Totals.Drops > 0 {
		drops.Note, drops.Class = percent(dropShare(m))+" of what came to a queue", "hot"
	}
	tiles = append(tiles, drops)
	if busy := maxUtilization(m); !busy.IsNull() {
		tile := htmlTile{Name: "the busiest CPU", Value: percent(busy), Title: fixed(busy, 6), Note: "of the time in ISR, DPC or send"}
		switch utilizationStyle(busy) {
		case hot:
			tile.Class = "hot"
		case warm:
			tile.Class = "warm"
		}
		tiles = append(tiles, tile)
	}
	if p99 := greatest(m, func(c *CPU) *int64 { return c.Latency.P99 }); p99 != nil {
		tiles = append(tiles, htmlTile{Name: "latency, p99", Value: nanoseconds(*p99), Title: exactTime(*p99), Note: "on the slowest CPU"})
	}
	return tiles
}

// heatClass is the class of a load that is timesMean the mean.
func heatClass(timesMean Fraction) string {
	switch heat(timesMean) {
	case hot:
		return "hot"
	case warm:
		return "warm"
	}
	return ""
}

func newHTMLFinding(f Finding) htmlFinding {
	switch f.Severity {
	case "error", "critical", "problem":
		return htmlFinding{f, "hot", "✖"}
	case "warning":
		return htmlFinding{f, "warm", "▲"}
	}
	return htmlFinding{f, "note", "●"}
}

// htmlEntries is the indirection table as a map of loads.
type htmlEntries struct {
	Lead     string
	Columns  []int
	Rows     []htmlEntryRow
	Small    bool // cells without text
	Folded   int  // entries to a cell
	Most     string
	Doubling bool // the levels are 1/128 of the most and less, 1/64, 1/32 … instead of eighths
	Heaviest htmlTable
	All      *htmlTable // nil when there are too many
}

type htmlEntryRow struct {
	First int
	Cells []htmlEntry
}

// htmlEntry is a cell of the map.
type htmlEntry struct {
	Entry int
	Level int    // of its packets, 8 that of the most
	Text  string // the CPU
	Tip   string
}

// How the map is laid out: up to labelledEntries have their CPU in the cell; more
// than mappedEntries are folded, several to a cell.
const (
	labelledEntries = 512
	mappedEntries   = 2048
	listedEntries   = 1024

	labelledColumns = 16
	smallColumns    = 64

	heaviestListed = 8

	// doublingAbove is how many times the mean of the entries in use the heaviest
	// may be before eighths of it would leave all others alike.
	doublingAbove = 8
)

func newHTMLEntries(table *TableReport) *htmlEntries {
	n := min(len(table.Entries), len(table.Packets), len(table.Bytes), len(table.Flows))
	var total, used uint64
	for _, p := range table.Packets[:n] {
		total += p
		if p > 0 {
			used++
		}
	}
	if total == 0 {
		return nil
	}
	h := &htmlEntries{Folded: (n + mappedEntries - 1) / mappedEntries, Small: n > labelledEntries}
	columns := labelledColumns
	if h.Small {
		columns = smallColumns
	}
	cells := (n + h.Folded - 1) / h.Folded
	for i := range min(columns, cells) {
		h.Columns = append(h.Columns, i*h.Folded)
	}
	loads := make([]uint64, cells)
	for i := range n {
		loads[i/h.Folded] += table.Packets[i]
	}
	most := slices.Max(loads)
	h.Most = exact(most)
	h.Doubling = float64(most)*float64(used) > doublingAbove*float64(total)
	levelOf := level
	if h.Doubling {
		levelOf = doublingLevel
	}
	for first := 0; first < cells; first += columns {
		row := htmlEntryRow{First: first * h.Folded}
		for at := first; at < min(first+columns, cells); at++ {
			row.Cells = append(row.Cells, table.cell(at*h.Folded, min((at+1)*h.Folded, n), loads[at], levelOf(loads[at], most), total))
		}
		h.Rows = append(h.Rows, row)
	}
	rule := ""
	if layout := ruleOf(table); layout != "" {
		rule = ", " + layout
	}
	h.Lead = fmt.Sprintf("%s%s. %s of them carry the %s.", plural(uint64(n), "entry", "entries"), rule, exact(used), plural(total, "hashed packet", "hashed packets"))

	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(table.Packets[b], table.Packets[a]) })
	heaviest := order[:min(heaviestListed, n)]
	h.Heaviest = table.entryTable("heaviest", "The heaviest entries", heaviest, total)
	if n <= listedEntries {
		slices.Sort(order)
		all := table.entryTable("entries", "All entries", order, total)
		h.All = &all
	}
	return h
}

// doublingLevel is 8 for more than half of most, 7 for more than a quarter, and so
// on down to 1; 0 only for 0.
func doublingLevel(n, most uint64) int {
	if n == 0 {
		return 0
	}
	return max(8-int(math.Log2(float64(most)/float64(n))), 1)
}

// cell is the entries from first to before end as one cell of the map.
func (table *TableReport) cell(first, end int, packets uint64, level int, total uint64) htmlEntry {
	e := htmlEntry{Entry: first, Level: level}
	var bytes, flows uint64
	for i := first; i < end; i++ {
		bytes += table.Bytes[i]
		flows += table.Flows[i]
	}
	load := fmt.Sprintf("%s (%s), %s bytes, %s", plural(packets, "packet", "packets"), percent(Ratio(packets, total)), exact(bytes), plural(flows, "flow", "flows"))
	if end-first > 1 {
		e.Tip = fmt.Sprintf("entries %d to %d: %s", first, end-1, load)
		return e
	}
	e.Text = fmt.Sprint(table.Entries[first])
	if cpu, known := table.cpu(first); known {
		e.Text = fmt.Sprint(cpu)
	}
	e.Tip = fmt.Sprintf("entry %d: %s: %s", first, table.placeInWords(first), load)
	return e
}

// entryTable is some of the entries.
func (table *TableReport) entryTable(id, caption string, entries []int, total uint64) htmlTable {
	t := htmlTable{ID: id, Caption: caption, Head: heads("*entry", "*queue", "*CPU", "*packets", "*share", "*bytes", "*flows")}
	for _, i := range entries {
		cpu := nullCell()
		if number, known := table.cpu(i); known {
			cpu = numberCell(number)
		}
		t.row(numberHead(i), numberCell(table.Entries[i]), cpu, exactCell(table.Packets[i]), shareCell(Ratio(table.Packets[i], total)),
			bytesCell(table.Bytes[i]), exactCell(table.Flows[i]))
	}
	return t
}
