package assemble

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rssreplay/report"
)

// sayWorth says whether the spread is typical, and takes back what is said of CPU numbers
// where this capture does not bear it: of packets that were cut off the NIC hashed more than
// is there, others no NIC received, UDP is hashed one way or the other, of packets without a
// hash no key decides, and a spread that chance seldom gives is not typical. It comes after the
// findings and what chance gives.
func (a *ReportBuilder) sayWorth(r *report.Report) {
	has := func(id string) bool {
		return slices.ContainsFunc(r.Findings, func(f report.Finding) bool { return f.ID == id })
	}
	cut := has("ports-cut")
	spread, none := "", ""
	switch at := report.ComparedMode(r.Modes); {
	case cut:
		spread = ", and so is the spread: packets are cut off."
	case has("unread-link") || has("loopback"):
		spread = "; so is the spread."
	case at >= 0 && r.Modes[at].RPS == nil && r.Unkeyed():
		none = a.keyless()
	case has("udp-ports-assumed"):
		spread = "; the spread depends on UDP's hash."
	case at >= 0:
		packets := r.AllArrived(&r.Modes[at]).Imbalance.Packets // with what full rings drop, which chance has, too
		switch b := &r.Modes[at].Imbalance; {
		case b.ChanceP5 == nil || b.ChanceP95 == nil || packets.IsNull():
		case packets < *b.ChanceP5:
			spread = "; 95% of random spreads are less even."
		case packets > *b.ChanceP95:
			spread = "; 95% of random spreads are more even."
		}
	}
	if cut && strings.Contains(r.Trust, "CPU numbers hold ") {
		r.Trust = strings.TrimSuffix(r.Trust, ".") + ", but for packets that are cut off."
	}
	if a.Settings.HashUnknown() && !r.Unpredicted {
		r.Trust = a.keyless()
		r.Notes = slices.DeleteFunc(r.Notes, func(note string) bool { return note == a.Settings.Doubt })
	}
	if at := slices.IndexFunc(r.Findings, func(f report.Finding) bool { return f.ID == "atr" }); at >= 0 && strings.Contains(r.Trust, "CPU numbers hold ") {
		r.Trust = fmt.Sprintf("%s, but not for what ATR moved: up to %s of the packets.", strings.TrimSuffix(r.Trust, "."), report.Percent(r.Findings[at].Figures["most_share"].(report.Fraction)))
	}
	spread = cmp.Or(spread, report.SpreadIsTypical)
	if said, typical := strings.CutSuffix(r.Trust, report.SpreadIsTypical); typical {
		r.Trust = cmp.Or(none, said+spread)
	}
	if at := slices.Index(r.Notes, a.Settings.Doubt); at >= 0 && a.Settings.DoubtsKey {
		r.Notes[at] = cmp.Or(none, strings.TrimSuffix(a.Settings.Doubt, ".")+spread)
	}
}

// Unpredicted tells whether the host chooses the queue of any packet, or a hash that is not known:
// rules may take all.
func (a *ReportBuilder) Unpredicted() bool {
	if !a.Settings.HashUnknown() || a.Settings.Config.RPS.Steers() || a.Result.Received == 0 {
		return a.Settings.HostSteers || a.Settings.HashUnknown()
	}
	if a.Settings.OtherHash.MaySwitch { // the function alone is another: the same packets have no hash
		return a.keyless() == ""
	}
	left := a.Result.Received
	for _, f := range a.Rules() {
		if f.Overrides() && f.Context == nil {
			left -= f.Packets
		}
	}
	return left > 0
}

// keyless is what chooses all queues where no packet comes to its own by a hash, so that the key
// decides nothing; "" where some do.
func (a *ReportBuilder) keyless() string {
	r := report.Report{Capture: report.Capture{Received: a.Result.Received}, Table: a.Table(), Rules: a.Rules(), RuleDrops: a.RuleDrops()}
	switch queue := a.Settings.Config.DefaultQueue; {
	case !r.Unkeyed():
		return ""
	case a.Result.RuleDrops.Packets > 0 && r.Passed() == 0:
		return "Rules drop all packets, whatever the key."
	case slices.ContainsFunc(r.Rules, func(f report.Rule) bool { return f.Packets > 0 && f.Overrides() }):
		return "No packet meets the table: rules, or the lack of a hash, choose all queues, whatever the key."
	case len(a.Settings.Config.Affinities) > 0: // the queue goes to other CPUs
		return fmt.Sprintf("No packet has a hash: all go to queue %d on one CPU at a time, whatever the key.", queue)
	default:
		return fmt.Sprintf("No packet has a hash: all go to queue %d on CPU %d, whatever the key.", queue, r.Table.QueueCPUs[queue])
	}
}

// Keyless is the same where no finding weighs what is not read of the packets: "" then, too.
func (a *ReportBuilder) Keyless() string {
	for _, l := range a.Result.Links {
		if !l.Link.Known() || wireless(l.Link) {
			return ""
		}
	}
	if a.Result.HeadersCut > 0 {
		return ""
	}
	return a.keyless()
}

// ScenarioNotes are the notes where no finding follows: no key is asked for that decides nothing.
func (a *ReportBuilder) ScenarioNotes() []string {
	notes := a.Notes()
	at := slices.Index(notes, a.Settings.Doubt)
	if none := a.Keyless(); at >= 0 && a.Settings.DoubtsKey && none != "" && !a.Settings.Config.RPS.Steers() {
		notes[at] = none
	}
	if at >= 0 && a.Settings.HashUnknown() && !a.Unpredicted() {
		notes = slices.Delete(notes, at, at+1)
	}
	return notes
}
