package text

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// calibrationRows is how many rows the text has: eleven snapshots of eight CPUs.
const calibrationRows = 80

// WriteCalibration writes c for a terminal: the costs and what they are worth, what
// was left out, and what was counted. o.Flows is not used. Errors are those of w.
func WriteCalibration(w io.Writer, c *report.Calibration, o Options) error {
	if o.Width == 0 {
		o.Width = screenWidth
	}
	t := newWriter(w, o)
	t.fittedCosts(c)
	if len(c.LeftOut) > 0 {
		t.heading("LEFT OUT", "of the fit")
		for _, l := range c.LeftOut {
			t.para("-", 2, fmt.Sprintf("CPU %d, %s: %s.", l.CPU, words.Plural(uint64(l.Windows), "window", "windows"), l.What), report.Plain)
		}
	}
	t.counted(c)
	if len(c.Predicted) > 0 {
		t.predicted(c)
	}
	if c.Moderation != nil {
		t.moderation(c.Moderation)
	}
	if said := append(append([]string(nil), c.Warnings...), c.Notes...); len(said) > 0 {
		t.heading("CAVEATS", "")
		for _, s := range said {
			t.para("-", 2, s, report.Plain)
		}
	}
	return t.flush()
}

func (t *writer) fittedCosts(c *report.Calibration) {
	const labels = 14
	f := c.Fit
	if f == nil {
		t.heading("NO COSTS", "nothing was fitted")
		if c.Refused != nil {
			t.say(words.UpperFirst(c.Refused.What) + ".")
		}
		return
	}
	t.heading("COSTS", c.Origin())
	ns := func(f report.Fraction) string { return words.Nanoseconds(int64(f + 0.5)) }
	cost := func(label string, cost, from, to report.Fraction) {
		value := ns(cost)
		if !f.OneFactor { // else that is of the factor, and how the time parts is assumed
			value += fmt.Sprintf(" (%s to %s)", ns(from), ns(to))
		}
		t.para(label, labels, value, report.Plain)
	}
	cost("NET_RX run", f.Run, f.RunFrom, f.RunTo)
	cost("packet", f.Packet, f.PacketFrom, f.PacketTo)
	t.para("in all", labels, fmt.Sprintf("%s a packet, runs included", ns(f.MeanPacket)), report.Plain)
	if f.OneFactor {
		t.para("one factor", labels, fmt.Sprintf("Both are the assumed costs × %s (%s to %s), as the windows don't tell a run's cost from a packet's: %s. How their time parts between the two is assumed, too.",
			words.Fixed(f.Factor, 2), words.Fixed(f.Factor*f.PacketFrom/f.Packet, 2), words.Fixed(f.Factor*f.PacketTo/f.Packet, 2), *f.Why), report.Plain)
	}
	t.para("error", labels, "± "+report.ErrorText(f.Error)+": by so much the costs of four fifths of the windows miss the time of the fifth that was left out, each in turn.", report.Plain)
	if tap := f.Tap; tap != nil {
		where := fmt.Sprintf("of the time of the %s that had one; %d had none. The costs are those of all.", words.Plural(uint64(tap.Windows), "window", "windows"), tap.WindowsWithout)
		share := fmt.Sprintf("packet sockets, as tcpdump's, take %.0f%% (± %.0f%%) ", 100*float64(tap.Share), 200*float64(tap.Error))
		if tap.Share < 2*tap.Error {
			share = fmt.Sprintf("what packet sockets, as tcpdump's, take can't be told from noise: less than %.0f%% ", 100*float64(max(tap.Share, 0)+2*tap.Error))
		}
		t.para("tcpdump", labels, share+where, report.Plain)
	}
	t.para("load", labels, "From an idle CPU to a busy one a packet's cost falls 3 to 4 times: outside this range nothing is promised.", report.Plain)
	t.line("")
	t.line(words.Indent + c.Costs.Flags())
}

// counted is a row for each CPU and window.
func (t *writer) counted(c *report.Calibration) {
	how := "times are measured"
	if c.Accounting.Kind == "ticks" {
		how = fmt.Sprintf("times are counted by ticks, %d a second", c.Accounting.HZ)
		if !c.Accounting.HZKnown {
			how += " (not told)"
		}
	}
	t.heading("COUNTED", fmt.Sprintf("between %s: NET_RX runs, softirq and irq time; %s", words.Plural(uint64(c.Snapshots), "snapshot", "snapshots"), how))
	g := grid{keys: 2, columns: []column{{head: "window"}, {head: "CPU"}, {head: "packets"}, {head: "packets/s"}, {head: "runs"}, {head: "interrupts"},
		{head: "time"}}}
	fitted, squeezed, dropped := c.Fit != nil, false, false
	for i := range c.Rows {
		squeezed, dropped = squeezed || c.Rows[i].Squeezed > 0, dropped || c.Rows[i].Dropped > 0
	}
	type more struct {
		there bool
		column
		text func(r *report.CalibrationRow) string
	}
	columns := slices.DeleteFunc([]more{
		{fitted, column{head: "by costs"}, func(r *report.CalibrationRow) string { return words.Nanoseconds(int64(r.Fitted)) }},
		{squeezed, column{head: "squeezed"}, func(r *report.CalibrationRow) string { return words.Exact(r.Squeezed) }},
		{dropped, column{head: "dropped"}, func(r *report.CalibrationRow) string { return words.Exact(r.Dropped) }},
		{len(c.LeftOut) > 0, column{head: "left out", left: true}, func(r *report.CalibrationRow) string { return strings.TrimPrefix(r.Reason, "fitted") }},
	}, func(m more) bool { return !m.there })
	for _, m := range columns {
		g.columns = append(g.columns, m.column)
	}
	for i := range c.Rows[:min(len(c.Rows), calibrationRows)] {
		r := &c.Rows[i]
		time := r.SoftIRQ + r.IRQ
		if r.Traced != nil {
			time = *r.Traced
		}
		cells := plainCells(fmt.Sprint(r.Window), fmt.Sprint(r.CPU), words.Exact(r.Packets),
			words.Count(uint64(float64(r.Packets)/float64(r.Duration)*1e9)), words.Exact(r.Runs), exactOrNone(r.Interrupts),
			words.Nanoseconds(time))
		for _, m := range columns {
			cells = append(cells, plainCell(m.text(r)))
		}
		g.row(cells...)
	}
	t.grid(&g)
	if n := len(c.Rows) - calibrationRows; n > 0 {
		t.line(words.Indent + words.Plural(uint64(n), "more row", "more rows") + ": --format json has all")
	}
	if len(c.Queues) > 0 {
		t.countedQueues(c)
	}
}

// countedQueues is a row for each queue.
func (t *writer) countedQueues(c *report.Calibration) {
	t.heading("QUEUES", "in all windows")
	g := grid{keys: 1, columns: []column{{head: "queue"}, {head: "interrupts"}, {head: "packets"}}}
	for _, queue := range c.Queues {
		g.texts(fmt.Sprint(queue.Queue), exactOrNone(queue.Interrupts), exactOrNone(queue.Packets))
	}
	t.grid(&g)
}

// exactOrNone is a count that may not be known.
func exactOrNone(n *uint64) string {
	if n == nil {
		return words.None
	}
	return words.Exact(*n)
}

// predicted is the replay's counts beside the host's.
func (t *writer) predicted(c *report.Calibration) {
	t.heading("PREDICTED", "by the replay of the capture under rss-msix, beside what was counted")
	g := grid{keys: 1, columns: []column{{head: "CPU"}, {head: "packets", group: "predicted"}, {head: "DPCs", group: "predicted"}, {head: "busy", group: "predicted"},
		{head: "packets", group: "counted"}, {head: "NET_RX runs", group: "counted"}, {head: "softirq+irq", group: "counted"}}}
	for i := range c.Predicted {
		p := &c.Predicted[i]
		g.texts(fmt.Sprint(p.CPU), words.Exact(p.Packets), words.Exact(p.DPCs), words.Nanoseconds(p.Busy),
			exactOrNone(p.Seen), exactOrNone(p.Runs), words.NanosecondsOrNone(p.Time))
	}
	t.grid(&g)
}

// moderation is what fits the interrupts that were counted.
func (t *writer) moderation(m *report.ModerationFit) {
	const labels = 14
	t.heading("MODERATION", "with which the model interrupts as often as the queues did")
	counted := words.Plural(m.Counted, "interrupt", "interrupts") + " of the queues in all windows"
	if m.Wanted != m.Counted {
		counted += fmt.Sprintf("; %s for as many packets as the capture has", words.Exact(m.Wanted))
	}
	t.para("counted", labels, counted+".", report.Plain)
	t.para("without any", labels, words.Plural(m.Without, "interrupt", "interrupts")+" of the model.", report.Plain)
	met := 0
	for i := range m.Fits {
		f := &m.Fits[i]
		said := fmt.Sprintf("%s µs (%s to %s): %s.", words.Fixed(f.Value, 1), words.Fixed(f.From, 1), words.Fixed(f.To, 1), words.Exact(f.Interrupts))
		switch {
		case m.Meets(f) && f.From == 0:
			said = fmt.Sprintf("0: none is needed. Anything up to %s µs makes no difference here.", words.Fixed(f.To, 1))
		case m.Meets(f):
			met++
		case f.Interrupts < m.Wanted:
			said = "0: the queues interrupted more often than the model does without any. Moderation is not what makes the difference."
		default:
			said = fmt.Sprintf("no value up to 16 ms makes so few interrupts; %s µs comes nearest: %s.", words.Fixed(f.Value, 1), words.Exact(f.Interrupts))
		}
		t.para(f.Parameter, labels, said, report.Plain)
	}
	t.para("the host says", labels, m.Claimed+".", report.Plain)
	t.line("")
	g := grid{keys: 1, columns: []column{{head: "CPU"}, {head: "counted", group: "interrupts"}, {head: "model", group: "interrupts"}}}
	for _, c := range m.CPUs {
		g.texts(fmt.Sprint(c.CPU), words.Exact(c.Counted), words.Exact(c.Model))
	}
	t.grid(&g)
	if met > 0 {
		t.line("")
	}
	for i := range m.Fits {
		if f := &m.Fits[i]; m.Meets(f) && f.From > 0 {
			t.line(words.Indent + f.Flags)
		}
	}
}
