package findings

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Diagnose finds what is wrong, the gravest first; of equals what makes the rest
// mean less, then causes, then what follows from them. Each finding rests on its own
// evidence, whose figures are the report's or the traffic's; a healthy capture has
// none, and one fault has one.
func Diagnose(r *report.Report, t *Traffic) report.List[report.Finding] {
	d := newDiagnosis(r, t)
	otherTable := r.Moves() || d.rps() // what one table would have done is not what is seen
	unpredicted := t.OtherHash.Does != "" || t.HostSteers
	for _, k := range kinds {
		if f := k.find(d); f != nil && !(k.ofOneTable && otherTable) && !(k.ofHash && unpredicted) {
			f.Bearing = k.bearing
			d.found = append(d.found, *f)
		}
	}
	all := d.found
	d.flowFirst(all)
	d.noEthtool(all)
	d.keepTransform(all)
	d.nameDevice(all)
	rank := map[string]int{report.Problem: 0, report.Warning: 1, report.Note: 2}
	slices.SortStableFunc(all, func(a, b report.Finding) int { return rank[a.Severity] - rank[b.Severity] })
	return all
}

// flowFirst puts what is said of the heaviest flow, where that is on the busiest CPU, before
// what is said of the table, if the flow alone is more of that CPU's load than the table makes
// of even traffic, or the masks of RPS do: other ones would change little.
func (d *diagnosis) flowFirst(all []report.Finding) {
	ofFlow := slices.IndexFunc(all, func(f report.Finding) bool {
		return f.ID == "tunnel" || f.ID == "single-flow" || f.ID == "elephant-flow"
	})
	ofTable := slices.IndexFunc(all, func(f report.Finding) bool {
		return slices.Contains([]string{"queues-share-cpu", "cpus-missed", "lopsided-table", "uneven-table", "rps-hot"}, f.ID)
	})
	if ofTable < 0 || ofFlow < ofTable || d.t.Largest == nil || !d.onBusiest(d.t.Largest) {
		return
	}
	even := d.r.BuiltIn(d.mode)
	if d.rps() {
		if even = 1; d.t.Stack != nil {
			even = d.t.Stack.Even
		}
	}
	if d.bound() <= even {
		return
	}
	f := all[ofFlow]
	copy(all[ofTable+1:], all[ofTable:ofFlow])
	all[ofTable] = f
}

// nameDevice writes the interface's name, where it is known, for DEV in commands and paths;
// not one in which a shell would take something for its own. Of an adapter of Windows, whose
// names have blanks, it does in PowerShell's commands alone.
func (d *diagnosis) nameDevice(all []report.Finding) {
	name, before := d.r.Interface, ""
	switch {
	case name == "" || strings.HasPrefix(name, "-") || words.Clean(name) != name:
		return
	case d.t.Windows:
		before = "-Name "
		if name = words.PowerShellName(name); name == "" {
			return
		}
	case words.ShellWord(name) != name:
		return
	}
	for i := range all {
		for _, text := range []*string{&all[i].Evidence, &all[i].Remedy} {
			*text = strings.ReplaceAll(*text, before+"DEV", before+name)
		}
	}
}

// rps tells whether the stack steers packets on, so that the table does not say which CPUs
// take them.
func (d *diagnosis) rps() bool { return d.mode != nil && d.mode.RPS != nil }

// Uneven tells whether Diagnose would look for why the CPUs are loaded unevenly, and
// so needs to know Traffic.Chance and what other settings would bring.
func Uneven(r *report.Report) bool { return newDiagnosis(r, nil).uneven() }

// newDiagnosis judges the first mode in which the NIC spreads packets over CPUs.
func newDiagnosis(r *report.Report, t *Traffic) *diagnosis {
	d := &diagnosis{r: r, t: t}
	for i := range r.Modes {
		if m := &r.Modes[i]; d.mode == nil && m.Mode != report.NonRSS {
			d.taken, d.mode = m, r.Arrived(m)
		}
	}
	return d
}

// diagnosis is one report under examination.
type diagnosis struct {
	r     *report.Report
	t     *Traffic
	mode  *report.Mode                // the RSS mode that is judged, with the packets that came for each CPU; nil without one
	taken *report.Mode                // the same with what the CPUs took, without what rings dropped
	found report.List[report.Finding] // so far: what explains an imbalance is said once
}

// judged tells whether there is an RSS mode with packets enough to judge shares.
func (d *diagnosis) judged() bool { return d.mode != nil && d.r.Passed() >= report.MinPackets }

func (d *diagnosis) has(ids ...string) bool {
	return slices.ContainsFunc(d.found, func(f report.Finding) bool { return slices.Contains(ids, f.ID) })
}

// explained tells whether what was found explains an uneven load without chance.
func (d *diagnosis) explained() bool {
	return slices.ContainsFunc(d.found, func(f report.Finding) bool {
		return f.Bearing == report.Explains || f.Bearing == report.ExplainsItsQueue && d.r.Table.QueueCPUs[d.defaultQueue()] == d.busiest().CPU
	})
}

// uneven tells whether the CPUs' packets are worth a finding.
func (d *diagnosis) uneven() bool {
	return d.judged() && !d.mode.Imbalance.Packets.IsNull() && d.mode.Imbalance.Packets >= report.UnevenFrom
}

// timed tells whether the timestamps carry a verdict on drops, load and latency.
func (d *diagnosis) timed() bool { return !d.has("clock-still", "captures-overlap", "clock-leap") }

// weigh is the severity of a load that loses capacity: a fair share × lost is what
// one CPU has, whatever a packet costs. A machine that has nothing to do has no
// problem yet.
func (d *diagnosis) weigh(lost report.Fraction) string {
	switch {
	case lost >= report.GravelyFrom && d.loaded():
		return report.Problem
	case lost >= report.UnevenFrom:
		return report.Warning
	}
	return report.Note
}

// loaded tells whether the busiest CPU takes so many packets that they may matter.
func (d *diagnosis) loaded() bool {
	rate := d.busiest().PacketsPerSecond
	return d.timed() && !rate.IsNull() && rate >= report.LoadedFrom
}

// lost is the capacity that the uneven load loses, as a factor.
func (d *diagnosis) lost() report.Fraction { return d.mode.Imbalance.Packets }

// fair is the packets of one CPU's fair share, of those that no rule drops.
func (d *diagnosis) fair() float64 { return float64(d.r.Passed()) / float64(len(d.mode.CPUs)) }

// ofFair is n packets as a multiple of a fair share.
func (d *diagnosis) ofFair(n uint64) report.Fraction { return report.Fraction(float64(n) / d.fair()) }

// share is n of the received packets.
func (d *diagnosis) share(n uint64) report.Fraction { return report.Ratio(n, d.r.Capture.Received) }

// busiest is the CPU with the most packets, the first of equals.
func (d *diagnosis) busiest() *report.CPU { return d.mode.MostLoaded() }

// hottest says of the busiest CPU what it has and costs.
func (d *diagnosis) hottest() string {
	if d.mode.Totals.Packets == 0 { // rules drop all
		return "no CPU gets a packet"
	}
	c := d.busiest()
	with := ""
	if d.mode != d.taken {
		with = ", dropped ones included"
	}
	s := fmt.Sprintf("CPU %d has %s of the packets under %s%s, %s × its fair share",
		c.CPU, words.Percent(report.Ratio(c.Packets, d.mode.Totals.Packets)), d.mode.Mode, with, words.Fixed(d.lost(), 2))
	if d.lost() >= report.UnevenFrom {
		s += fmt.Sprintf(": an even spread carries %s × as much before its first CPU is full", words.Fixed(d.lost(), 2))
	}
	return s
}

// load is the figures of the busiest CPU, with more.
func (d *diagnosis) load(more report.Numbers) report.Numbers {
	c := d.busiest()
	n := report.Numbers{"cpu": c.CPU, "cpu_share": report.Ratio(c.Packets, d.mode.Totals.Packets), "lost_capacity": d.lost()}
	for name, value := range more {
		n[name] = value
	}
	return n
}

// best is the clause about the best table known, and about whether one lasts, "" if
// it would gain little; its figures join the finding's.
func (d *diagnosis) best(figures report.Numbers) string {
	b := d.t.Better
	if b == nil || d.gain(b.Imbalance) < report.GainFrom {
		return ""
	}
	figures["best_table"] = b.Imbalance
	s := fmt.Sprintf(" The best table found for just these packets has %s ×.", words.Fixed(b.Imbalance, 2))
	if b.Judged.IsNull() {
		return s
	}
	figures["judged"], figures["judged_present"], figures["lasts"] = b.Judged, b.Present, b.Lasts
	return s + " " + b.OnOthers(2)
}

// gain is by how much imbalance.packets would fall; 0 where that is not known.
func (d *diagnosis) gain(other report.Fraction) float64 {
	if d.mode == nil || other.IsNull() || d.mode.Imbalance.Packets.IsNull() {
		return 0
	}
	return float64(d.mode.Imbalance.Packets - other)
}

// gainOf is the part of what the busiest CPU has too much that another setting must take away
// to be worth a try: a heavy flow keeps the rest where it is.
const gainOf = 0.25

// worthwhile is the gain from which another setting is a finding.
func (d *diagnosis) worthwhile() float64 {
	return max(report.GainFrom, gainOf*float64(d.lost()-1))
}

// parameter is a parameter in force, nil if the report has none of that name.
func (d *diagnosis) parameter(name string) *report.Parameter { return d.r.Parameters.Named(name) }

// ownCosts tells whether the user has said what a packet costs.
func (d *diagnosis) ownCosts() bool {
	p := d.parameter("packet-cost")
	return p != nil && p.Source != report.DefaultSource
}

// assumed is how a sentence about load begins until costs are the user's own.
func (d *diagnosis) assumed() string {
	p := d.parameter("packet-cost")
	if d.ownCosts() || p == nil {
		return ""
	}
	return fmt.Sprintf("If a packet costs %s, as is assumed, ", p.Printed())
}

// number is an integer parameter, or another value where there is none.
func (d *diagnosis) number(name string, otherwise int) int {
	if p := d.parameter(name); p != nil {
		switch n := p.Value.(type) {
		case int:
			return n
		case int64:
			return int(n)
		}
	}
	return otherwise
}

// flow is a flow's name, and how much of the capture it is.
func (d *diagnosis) flow(f *report.Flow) string {
	return fmt.Sprintf("%s, %s of %s packets", report.FlowWords(f), words.Exact(f.Packets), words.Exact(d.r.Capture.Received))
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
