package report

import (
	"fmt"
	"strings"
)

// flowWidth is the least in which a CPU's largest flow can be read.
const flowWidth = 36

// mode is one mode by CPU, with its queues, and over time.
func (t *textWriter) mode(r *Report, m *Mode, cpus, time bool) {
	if !cpus && !time {
		return
	}
	rest := "simulated " + nanoseconds(m.Simulated)
	if title := modeTitle(m.Mode); title != "" {
		rest = title + "; " + rest
	}
	t.heading(strings.ToUpper(clean(m.Mode)), rest)
	if m.Totals.Packets == 0 && m.Totals.Drops == 0 {
		t.para("", 0, "No packet came to any queue.", plain)
		return
	}
	if cpus {
		t.load(m)
		t.line("")
		t.dispatch(m, r.Capture.Sent > 0)
		t.queues(m)
	}
	if time {
		t.time(r, m, cpus)
	}
}

// load is what came to each CPU.
func (t *textWriter) load(m *Mode) {
	g := grid{keys: 1, columns: []column{
		{head: "CPU"}, {head: "packets"}, {head: "share"}, {left: true}, {head: "pkts/s"}, {head: "bit/s"}, {head: "flows"},
		{head: "largest flow and its share", left: true},
	}}
	var most uint64
	for _, c := range m.CPUs {
		most = max(most, c.Packets)
	}
	for i := range m.CPUs {
		c := &m.CPUs[i]
		share := Ratio(c.Packets, m.Totals.Packets)
		g.row(plainCell(fmt.Sprint(c.CPU)), plainCell(count(c.Packets)), plainCell(percent(share)),
			cell{bar(c.Packets, most), heat(share * Fraction(len(m.CPUs)))},
			plainCell(rate(c.PacketsPerSecond)), plainCell(rate(c.BitsPerSecond)), plainCell(count(c.Flows)), plainCell(""))
	}
	last := len(g.columns) - 1
	left := t.width - len(indent) - widthOf(g.columns[:last]) - len(gap)
	if left < flowWidth { // it gets a table of its own, beside the CPU
		left = t.width - len(indent) - widthOf(g.columns[:g.keys]) - len(gap)
	}
	for i := range m.CPUs {
		g.columns[last].cells[i].text = clean(largestFlow(&m.CPUs[i], m.Mode, left))
	}
	t.grid(&g)
}

// largestFlow names the CPU's largest flow, after its share of the CPU's
// packets, in width columns.
func largestFlow(c *CPU, mode string, width int) string {
	if c.Largest == nil {
		return ""
	}
	before := fmt.Sprintf("%6s ", largestShare(c, mode))
	if c.TopFlow != nil {
		before += fmt.Sprintf("#%d ", *c.TopFlow+1)
	}
	return before + flowName(c.Largest, width-len(before))
}

// dispatch is what the load cost each CPU.
func (t *textWriter) dispatch(m *Mode, sends bool) {
	oneToOne := queuesAreCPUs(m)
	g := grid{keys: 1, columns: []column{
		{head: "CPU"}, {head: "interrupts"}, {head: "DPCs"},
		{group: "packets", head: "per DPC"}, {group: "packets", head: "max"}, {head: "busy"},
		{group: "latency", head: "p50"}, {group: "latency", head: "p99"}, {group: "latency", head: "max"},
	}}
	if sends {
		g.columns = append(g.columns, column{head: "sent"})
	}
	if oneToOne {
		g.columns = append(g.columns, column{group: "queue", head: "max depth"}, column{group: "queue", head: "drops"})
	}
	for i := range m.CPUs {
		c := &m.CPUs[i]
		cells := []cell{
			plainCell(fmt.Sprint(c.CPU)), plainCell(count(c.Interrupts)), plainCell(count(c.DPCs)),
			plainCell(fixed(c.PacketsPerDPCMean, 2)), plainCell(countOrNone(c.PacketsPerDPCMax)),
			{percent(c.Utilization), utilizationStyle(c.Utilization)},
			plainCell(nanosecondsOrNone(c.Latency.P50)), plainCell(nanosecondsOrNone(c.Latency.P99)), plainCell(nanosecondsOrNone(c.Latency.Max)),
		}
		if sends {
			cells = append(cells, plainCell(count(c.SendPackets)))
		}
		if oneToOne {
			q := m.Queues[i]
			cells = append(cells, plainCell(count(q.DepthMax)), dropCell(count(q.Drops), q.Drops))
		}
		g.row(cells...)
	}
	t.grid(&g)
}

// queues is a line per queue, where the CPUs' rows did not say it.
func (t *textWriter) queues(m *Mode) {
	if queuesAreCPUs(m) || len(m.Queues) == 0 {
		return
	}
	t.line("")
	if len(m.Queues) == 1 {
		q := &m.Queues[0]
		st := plain
		if q.Drops > 0 {
			st = hot
		}
		t.para("", 0, fmt.Sprintf("One hardware queue: %s, at most %s waiting, %s dropped.",
			plural(q.Packets, "packet", "packets"), exact(q.DepthMax), exact(q.Drops)), st)
		return
	}
	g := grid{keys: 1, columns: []column{{head: "queue"}, {head: "CPU"}, {head: "packets"}, {head: "bytes"}, {head: "max depth"}, {head: "drops"}}}
	for _, q := range m.Queues {
		cpu := none
		if q.CPU != nil {
			cpu = fmt.Sprint(*q.CPU)
		}
		g.row(plainCell(fmt.Sprint(q.Queue)), plainCell(cpu), plainCell(count(q.Packets)), plainCell(byteSize(q.Bytes)),
			plainCell(count(q.DepthMax)), dropCell(count(q.Drops), q.Drops))
	}
	t.grid(&g)
}
