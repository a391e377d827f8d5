package findings

import (
	"fmt"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Findings about heavy flows that meet on one CPU.

// heavyFrom is the part of a fair share from which a flow is heavy.
const heavyFrom = 0.2

// heavyOnBusiest is the heavy flows of the busiest CPU, in falling order, if they are nearly all of
// what it has more than its fair share; else nil.
func (d *diagnosis) heavyOnBusiest() []*report.Flow {
	c := d.busiest()
	var heavy []*report.Flow
	var packets uint64
	for i := range d.t.Heavy {
		f := &d.t.Heavy[i]
		if d.ofFair(f.Packets) < heavyFrom {
			break
		}
		on := f.InMode(d.mode.Mode)
		if len(on.CPUs) == 0 || len(on.CPUs) > 1 && d.rps() && !d.r.Moves() { // all dropped, or parted by RPS
			continue
		}
		switch cpu := on.Most(); {
		case cpu.CPU != c.CPU:
		case d.mode != d.taken: // of the flow others came, and were dropped
			heavy = append(heavy, f)
			packets += f.Packets
		case cpu.Packets*2 > f.Packets:
			heavy = append(heavy, f)
			packets += cpu.Packets
		}
	}
	if mostOf*(float64(c.Packets)-d.fair()) > float64(packets) {
		return nil
	}
	return heavy
}

// mostOf is the part of what a CPU has too much from which flows are why.
const mostOf = 0.9

// byLuck tells whether another key may part the flows that meet: a heavy flow among many small
// ones meets some of them wherever it goes.
func (d *diagnosis) byLuck() bool {
	c := d.t.Chance
	return c == nil || d.lost()-c.P10 >= gainOf*(d.lost()-1)
}

// namedFlows are as many flows as a sentence has room for.
const namedFlows = 3

// named is the sentence that names heavy flows of the busiest CPU; "" for none.
func (d *diagnosis) named(heavy []*report.Flow) string {
	if len(heavy) == 0 {
		return ""
	}
	var list []string
	for _, f := range heavy[:min(len(heavy), namedFlows)] {
		list = append(list, fmt.Sprintf("%s (%s × a fair share)", report.FlowWords(f), words.Fixed(d.ofFair(f.Packets), 2)))
	}
	more := ""
	if n := len(heavy) - namedFlows; n > 0 {
		more = fmt.Sprintf(" and %s more", words.Exact(uint64(n)))
	}
	return fmt.Sprintf(" Heavy on CPU %d: %s%s.", d.busiest().CPU, strings.Join(list, ", "), more)
}

// collidingFlows: among many flows some heavy ones meet on one CPU.
func (d *diagnosis) collidingFlows() *report.Finding {
	if !d.uneven() || d.explained() || d.has("few-flows", "elephant-bytes") {
		return nil
	}
	heavy := d.heavyOnBusiest()
	if heavy == nil {
		return nil
	}
	var packets uint64
	for _, f := range heavy {
		packets += f.Packets
	}
	figures := d.load(report.Numbers{"heavy_flows": len(heavy), "share": d.share(packets)})
	f := &report.Finding{
		ID: "colliding-flows", Severity: d.weigh(d.lost()),
		Summary: fmt.Sprintf("%s heavy flows meet on CPU %d: together they have %s of the received packets, %s × a CPU's fair share.",
			words.Exact(uint64(len(heavy))), d.busiest().CPU, words.Percent(d.share(packets)), words.Fixed(d.ofFair(packets), 2)),
		Evidence: words.UpperFirst(d.hottest()) + "." + d.named(heavy) + d.best(figures),
		Remedy:   d.otherLuck() + d.otherTable(),
		Figures:  figures,
	}
	d.judgeLuck(f)
	if !d.byLuck() {
		f.Remedy = d.relieve(heavy[0])
		if why := d.unsplit(heavy[0]); why == "" && len(heavy) > 1 {
			f.Remedy = d.orApart("Split them over several connections", "their CPUs")
		}
	}
	if len(heavy) == 1 {
		f.Summary = fmt.Sprintf("One heavy flow, %s × a CPU's fair share, shares CPU %d with others: together they have %s × a fair share.",
			words.Fixed(d.ofFair(packets), 2), d.busiest().CPU, words.Fixed(d.lost(), 2))
	}
	if d.assumedKey() && d.byLuck() && !d.t.Unsettable.Table {
		f.Remedy = keyFirst + ": a table fits one key. Then" + d.otherTable()
	} else if m := d.oneMove(heavy); m != nil {
		does := "One entry of the table does a part of it"
		if 2*(d.lost()-m.after) >= d.lost()-1 {
			does = "One entry of the table does most of it"
		}
		f.Remedy = fmt.Sprintf("%s: entry %d from queue %d to queue %d gives %s × instead of %s ×, as long as these flows last: %s prints the table. %s", does, m.entry, m.from, m.to, words.Fixed(m.after, 2), words.Fixed(d.lost(), 2),
			d.run("suggest", Argument{"--max-moves", "1"}, Argument{"--no-gate", ""}), f.Remedy)
		f.Figures["entry"], f.Figures["from_queue"], f.Figures["to_queue"], f.Figures["imbalance_after"] = m.entry, m.from, m.to, m.after
	}
	return f
}

// assumedKey tells whether nothing says which key the NIC has: under its own other flows meet.
func (d *diagnosis) assumedKey() bool {
	key := d.parameter("key")
	return key == nil || key.Source == report.DefaultSource || d.t.OtherHash.Does != ""
}

// keyFirst is what such a remedy begins with.
const keyFirst = "Give the NIC's own key first (`ethtool -x DEV`)"

// otherLuck is what other ports or another key bring flows that meet by luck.
func (d *diagnosis) otherLuck() string {
	if c := d.t.Chance; c != nil && d.lost() <= c.P50 {
		are := "keys"
		if d.t.Unsettable.Key {
			are = "ports"
		}
		return "Half of all " + are + " at random are no better."
	}
	return d.partedBy() + " part them by luck."
}

// partedBy is what gives flows other hashes.
func (d *diagnosis) partedBy() string {
	if d.t.Unsettable.Key {
		return "Other source ports"
	}
	return "Other source ports, or another key,"
}

// judgeLuck says in f how often flows meet so by chance, and makes a note of what chance
// explains, unless half as much again as a fair share is lost each time, and of what another key
// or table is not known to change.
func (d *diagnosis) judgeLuck(f *report.Finding) {
	if d.t.Chance == nil {
		return
	}
	f.Evidence += " " + words.UpperFirst(d.byChance())
	switch b := d.t.Better; {
	case !d.byLuck():
		f.Evidence += ": it is so under most keys."
		if d.t.Chance.P50 < fewFrom || b != nil && !b.Judged.IsNull() && !b.Lasts { // as few flows are
			f.Severity = report.Note
		}
	case d.assumedKey():
		f.Severity = report.Note
		f.Evidence += ": under the NIC's own key other flows may meet."
	case d.lost() > d.t.Chance.P90:
		f.Evidence += "."
	default:
		if d.lost() < fewFrom {
			f.Severity = report.Note
		}
		f.Evidence += ": chance explains it, but with this key and table these flows load that CPU each time."
	}
}

// move is one entry that goes to another queue, and the imbalance after it.
type move struct {
	entry, from, to int
	after           report.Fraction
}

// oneMove is the move of one entry that relieves the busiest CPU most; nil if that
// gains little, nobody can move one, or the report is not to tell which entries flows meet.
func (d *diagnosis) oneMove(heavy []*report.Flow) *move {
	t := &d.r.Table
	if d.t.Unsettable.Table || heavy[0].HashWithheld || len(t.Packets) != len(t.Entries) {
		return nil
	}
	queueOf := map[int]int{} // per CPU its lowest queue
	for queue := len(t.QueueCPUs) - 1; queue >= 0; queue-- {
		queueOf[t.QueueCPUs[queue]] = queue
	}
	hot := d.busiest()
	var cold *report.CPU
	second := uint64(0)
	for i := range d.mode.CPUs {
		c := &d.mode.CPUs[i]
		if c == hot {
			continue
		}
		second = max(second, c.Packets)
		if _, ok := queueOf[c.CPU]; ok && (cold == nil || c.Packets < cold.Packets) {
			cold = c
		}
	}
	if cold == nil {
		return nil
	}
	best := hot.Packets
	m := &move{to: queueOf[cold.CPU]}
	for i, queue := range t.Entries {
		n := t.Packets[i]
		if t.QueueCPUs[queue] != hot.CPU || n > hot.Packets {
			continue
		}
		if after := max(hot.Packets-n, cold.Packets+n, second); after < best {
			best, m.entry, m.from = after, i, queue
		}
	}
	m.after = report.Fraction(float64(best) * float64(len(d.mode.CPUs)) / float64(d.mode.Totals.Packets))
	if d.gain(m.after) < report.GainFrom {
		return nil
	}
	return m
}
