package text

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// flowWidth is the least in which a CPU's largest flow can be read.
const flowWidth = 36

// mode is one mode by CPU, with its queues, and over time.
func (t *writer) mode(r *report.Report, m *report.Mode, cpus, time bool) {
	if !cpus && !time {
		return
	}
	rest := "simulated " + words.Nanoseconds(m.Simulated)
	if title := report.ModeTitle(m.Mode); title != "" {
		rest = title + "; " + rest
	}
	t.heading(strings.ToUpper(words.Clean(m.Mode)), rest)
	if m.Totals.Packets == 0 && m.Totals.Drops == 0 {
		t.say("No packet came to any queue.")
		return
	}
	if cpus {
		t.load(m)
		t.line("")
		t.dispatch(m, r.Capture.Sent > 0)
		t.queues(m)
		t.backlogs(m, r.Capture.Received)
	}
	if time {
		t.time(r, m, cpus)
	}
}

// load is what came to each CPU.
func (t *writer) load(m *report.Mode) {
	g := grid{keys: 1, columns: []column{
		{head: "CPU"}, {head: "packets"}, {head: "share"}, {left: true}, {head: "pkts/s"}, {head: "bit/s"}, {head: "flows"},
		{head: "largest flow and its share", left: true},
	}}
	places, most := m.PlaceColumns(), report.Extreme(m, slices.Max)
	for i, p := range places {
		g.columns = slices.Insert(g.columns, 1+i, column{head: p.Head})
	}
	for i := range m.CPUs {
		c := &m.CPUs[i]
		share := report.Ratio(c.Packets, m.Totals.Packets)
		row := []cell{plainCell(fmt.Sprint(c.CPU))}
		for _, p := range places {
			row = append(row, plainCell(words.NumberOrNone(p.Of(c))))
		}
		g.row(append(row, plainCell(words.Count(c.Packets)), plainCell(words.Percent(share)),
			cell{words.Bar(c.Packets, most), report.Heat(share * report.Fraction(len(m.CPUs)))},
			plainCell(words.Rate(m.OfTime(c.PacketsPerSecond))), plainCell(words.Rate(m.OfTime(c.BitsPerSecond))), plainCell(words.Count(c.Flows)), plainCell(""))...)
	}
	last := len(g.columns) - 1
	left := t.width - len(words.Indent) - widthOf(g.columns[:last]) - len(gap)
	if left < flowWidth { // it gets a table of its own, beside the CPU
		left = t.width - len(words.Indent) - widthOf(g.columns[:g.keys]) - len(gap)
	}
	for i := range m.CPUs {
		g.columns[last].cells[i].text = words.Clean(largestFlow(&m.CPUs[i], m.Mode, left))
	}
	t.grid(&g)
}

// largestFlow names the CPU's largest flow, after its share of the CPU's
// packets, in width columns.
func largestFlow(c *report.CPU, mode string, width int) string {
	if c.Largest == nil {
		return ""
	}
	before := fmt.Sprintf("%6s ", report.LargestShare(c, mode))
	if c.TopFlow != nil {
		before += fmt.Sprintf("#%d ", *c.TopFlow+1)
	}
	return before + report.FlowName(c.Largest, width-len(before))
}

// dispatch is what the load cost each CPU.
func (t *writer) dispatch(m *report.Mode, sends bool) {
	oneToOne := report.QueuesAreCPUs(m)
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
			plainCell(fmt.Sprint(c.CPU)), plainCell(words.Count(c.Interrupts)), plainCell(words.Count(c.DPCs)),
			plainCell(words.Fixed(c.PacketsPerDPCMean, 2)), plainCell(countOrNone(c.PacketsPerDPCMax)),
			{words.Percent(m.OfTime(c.Utilization)), report.UtilizationStyle(m.OfTime(c.Utilization))},
			plainCell(words.NanosecondsOrNone(c.Latency.P50)), plainCell(words.NanosecondsOrNone(c.Latency.P99)), plainCell(words.NanosecondsOrNone(c.Latency.Max)),
		}
		if sends {
			cells = append(cells, plainCell(words.Count(c.SendPackets)))
		}
		if oneToOne {
			q := m.Queues[i]
			cells = append(cells, plainCell(words.Count(q.DepthMax)), dropCell(words.Count(q.Drops), q.Drops))
		}
		g.row(cells...)
	}
	t.grid(&g)
}

// queues is a line per queue, where the CPUs' rows did not say it.
func (t *writer) queues(m *report.Mode) {
	if report.QueuesAreCPUs(m) || len(m.Queues) == 0 {
		return
	}
	t.line("")
	if len(m.Queues) == 1 {
		q := &m.Queues[0]
		st := report.Plain
		if q.Drops > 0 {
			st = report.Hot
		}
		t.para("", 0, fmt.Sprintf("One hardware queue: %s, at most %s waiting, %s dropped.",
			words.Plural(q.Packets, "packet", "packets"), words.Exact(q.DepthMax), words.Exact(q.Drops)), st)
		return
	}
	g := grid{keys: 1, columns: []column{{head: "queue"}, {head: "CPU"}, {head: "packets"}, {head: "bytes"}, {head: "max depth"}, {head: "drops"}}}
	for _, q := range m.Queues {
		g.row(plainCell(fmt.Sprint(q.Queue)), plainCell(words.NumberOrNone(q.CPU)), plainCell(words.Count(q.Packets)), plainCell(words.ByteSize(q.Bytes)),
			plainCell(words.Count(q.DepthMax)), dropCell(words.Count(q.Drops), q.Drops))
	}
	t.grid(&g)
}
