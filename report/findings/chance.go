package findings

import (
	"fmt"
	"math"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Findings about chance: what so few flows give under any key, and what is worse than that.

// fewPerCPU are so few flows, or hash inputs, for each CPU that chance makes
// the load uneven by itself.
const fewPerCPU = 10

// fewInAll tells whether there are so few flows that none of them is to blame.
func (d *diagnosis) fewInAll() bool {
	n := d.t.Flows
	switch {
	case d.t.Stack != nil:
		n = d.t.Stack.Distinct
	case d.t.Inputs != nil:
		n = d.t.Inputs.Distinct
	}
	return n > 1 && n <= 2*uint64(len(d.mode.CPUs))
}

// fewFlows: so few flows that any key makes an uneven load, now this one, now that
// (esnet/iperf #810). What the table's own shares make of any number of flows is not
// chance's.
func (d *diagnosis) fewFlows() *report.Finding {
	if !d.uneven() || d.rps() || d.t.Chance == nil || d.t.Inputs == nil || d.explained() || d.has("uneven-table") && d.lost() < d.t.Chance.P50 {
		return nil
	}
	in, table := d.t.Inputs, max(d.evenTable(), d.r.BuiltIn(d.mode))
	heavy := d.heavyOnBusiest()
	few := in.Distinct <= fewPerCPU*uint64(len(d.mode.CPUs))
	if d.t.Chance.P50 < report.UnevenFrom*table || !few && (heavy != nil || d.beyondChance()) {
		return nil
	}
	than := ""
	if table > 1 {
		than = fmt.Sprintf("; even traffic under this table gives it %s ×", words.Fixed(table, 2))
	}
	severity := report.Note // chance collisions of some hundred flows are no fault
	if d.t.Chance.P50 >= fewFrom*table {
		severity = report.Warning // and no fault of the machine's, however uneven
	}
	plan, changes := d.plan(), "another key changes it"
	if plan != "" {
		changes = "another key, or other ephemeral ports, changes it"
	}
	figures := d.load(report.Numbers{"flows": in.Flows, "inputs": in.Distinct, "effective_flows": in.Effective, "chance_p10": d.t.Chance.P10, "chance_p50": d.t.Chance.P50, "chance_p90": d.t.Chance.P90})
	f := &report.Finding{
		ID: "few-flows", Severity: severity,
		Summary: fmt.Sprintf("%s, %s, are few for %s CPUs: chance alone typically gives the busiest %s × its fair share%s.",
			words.Plural(in.Flows, "flow", "flows"), ofEqualSize(in.Effective), words.Exact(uint64(len(d.mode.CPUs))), words.Fixed(d.t.Chance.P50, 2), than),
		Evidence: fmt.Sprintf("%s; %s: %s.%s%s", words.UpperFirst(d.hottest()), d.byChance(), changes, d.named(heavy), d.best(figures)),
		Remedy:   "More flows." + d.otherTable(),
		Figures:  figures,
	}
	if plan != "" {
		f.Remedy = "More flows; in a test, fixed source ports that reach every CPU (" + plan + ") and a fixed key." + d.otherTable()
	}
	if d.t.Largest != nil && d.fragmented() {
		f.Remedy = "The heaviest flow is of " + noPorts + "."
	}
	if in.Distinct*2 < in.Flows {
		f.Summary = fmt.Sprintf("%s have %s, few for %s CPUs: chance alone typically gives the busiest %s × its fair share%s.",
			words.Plural(in.Flows, "flow", "flows"), words.Plural(in.Distinct, "distinct hash input", "distinct hash inputs"), words.Exact(uint64(len(d.mode.CPUs))), words.Fixed(d.t.Chance.P50, 2), than)
	}
	return f
}

// ofEqualSize is what flows are worth by their packets.
func ofEqualSize(effective report.Fraction) string {
	return fmt.Sprintf("worth %s of equal size", words.Exact(uint64(math.Round(float64(effective)))))
}

// byChance is what the flows give on random entries.
func (d *diagnosis) byChance() string {
	return fmt.Sprintf("these flows on random entries give %s to %s × (10th to 90th percentile)", words.Fixed(d.t.Chance.P10, 2), words.Fixed(d.t.Chance.P90, 2))
}

// fewFrom is the imbalance that chance makes half of the time from which few flows
// are more than a note.
const fewFrom = 1.5

// strangeFrom is the standard deviations from which a CPU's load is no chance, for
// one who looks at hundreds of captures. Bad keys are far beyond it.
const strangeFrom = 4

// beyondChance tells whether the busiest CPU has more than chance gives it.
func (d *diagnosis) beyondChance() bool {
	return d.t.Chance.Deviation >= strangeFrom && !(d.mode.Imbalance.Packets <= d.t.Chance.P999) // which may be null
}

// unevenHash: worse than chance, so that the key or the hashed fields are to blame.
func (d *diagnosis) unevenHash() *report.Finding {
	if !d.uneven() || d.t.Chance == nil || !d.beyondChance() || d.explained() || d.has("few-flows", "colliding-flows") {
		return nil
	}
	in, hashes := d.t.Inputs, d.t.Inputs.Hashes()
	f := &report.Finding{
		ID: "uneven-hash", Severity: d.weigh(d.lost()),
		Summary: fmt.Sprintf("The hash spreads these flows worse than chance: the busiest CPU has %s × its fair share, and of 1,000 random spreads 999 stay below %s ×.",
			words.Fixed(d.lost(), 2), words.Fixed(d.t.Chance.P999, 2)),
		Evidence: fmt.Sprintf("That CPU is %s standard deviations above what chance gives it; %s are %s with %s and %s of the table. %s.", words.Fixed(d.t.Chance.Deviation, 1),
			words.Plural(in.Flows, "flow", "flows"), words.Plural(in.Distinct, "distinct input", "distinct inputs"), words.Plural(hashes, "hash", "hashes"), words.Plural(in.Entries, "entry", "entries"), words.UpperFirst(d.hottest())),
		Remedy:  d.run("suggest", Argument{"--keys", "random:1000"}) + " tells whether the key is to blame. Its like at random: " + d.run("", Argument{"--key", d.anyKey()}) + ". Check the hashed fields, too (`ethtool -n DEV rx-flow-hash tcp4`).",
		Figures: d.load(report.Numbers{"chance_p999": d.t.Chance.P999, "deviation": d.t.Chance.Deviation, "flows": in.Flows, "inputs": in.Distinct, "hashes": hashes, "entries_met": in.Entries}),
	}
	if d.assumedKey() { // whose fault it is then, and not the NIC's
		f.Severity = report.Note
		f.Remedy = keyFirst + ". " + f.Remedy
	}
	return f
}
