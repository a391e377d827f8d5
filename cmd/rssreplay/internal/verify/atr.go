package verify

import (
	"fmt"
	"strings"

	"rssreplay/cmd/rssreplay/internal/verify/judge"
	"rssreplay/pcaps"
	"rssreplay/report"
)

// This file is Intel's ATR as a hypothesis. It moves TCP connections to the queue of the
// CPU that sends on them, which nothing here predicts. So it is named where TCP alone is
// elsewhere and all else as predicted, or queues took packets to which the table does not
// lead.

// movedByATR tells whether ATR explains the recorded queues, and says so.
func (v *verification) movedByATR(r *report.Verify, groups []group) bool {
	if !v.settings.ATR() || r.Agrees == nil || *r.Agrees { // nil: all is as predicted, maybe by chance
		return false
	}
	reached := v.reached()
	seen := v.besideATR(groups, reached)
	most := v.done.Result.ATR.Most
	tabled := seen != nil && seen.others > 0 && seen.rest.Judge().Verdict == judge.Agrees // what ATR leaves alone goes by it
	switch {
	case seen == nil, seen.moved == 0, seen.moved > most: // more than those of connections that had sent
		return false
	case seen.beyond == 0 && !(seen.apart && (tabled || r.Packets.HashChecked > 0)):
		return false
	}
	summary := fmt.Sprintf("ATR, on by default with %s, moved connections to the queue of the CPU that sends on them: %s on another queue than the table's",
		v.settings.Profile.Name, report.Plural(seen.moved, "TCP packet is", "TCP packets are"))
	if seen.beyond > 0 {
		summary += fmt.Sprintf(", %s of them beyond queue %d, to which no entry leads", report.Exact(seen.beyond), reached-1)
	}
	summary += fmt.Sprintf(", and all else is as predicted; it can move at most %s, all but the SYNs of new connections", report.Exact(most))
	switch {
	case len(seen.to) == 1:
		summary += "; a rule that takes them to that queue would look the same"
	case seen.beyond == 0 && !tabled:
		summary += "; a table that was changed meanwhile would look the same"
	}
	x := explanation("atr", summary, seen.tcp+seen.others)
	if r.Explanation != nil {
		if r.Explanation.Explained >= x.Explained { // what needs no ATR
			r.Others = append(r.Others, *x)
			return true
		}
		r.Others = append(report.List[report.VerifyExplanation]{*r.Explanation}, r.Others...)
	}
	r.Explanation = x
	r.Evidence = append(r.Evidence, v.withoutATR())
	return true
}

// atrRecords is what packets record where ATR may have moved TCP.
type atrRecords struct {
	tcp, moved, beyond uint64         // TCP; of it on another queue than predicted; of these on one that nothing leads to
	to                 map[int32]bool // the queues of what was moved
	apart              bool           // packets of one entry are on several queues: no table has it so
	others             uint64         // what ATR leaves alone
	rest               judge.Records  // of that what no rule takes
}

// besideATR parts the packets that record a queue into those that ATR may move and others;
// nil where the others, or a hash, are not as predicted, which ATR does not explain. reached
// is that of v.
func (v *verification) besideATR(groups []group, reached int) *atrRecords {
	seen := &atrRecords{to: map[int32]bool{}, rest: judge.Records{Claimed: v.claimed}}
	queues := map[int32]int32{} // recorded of TCP, by entry
	for i := range groups {
		g := &groups[i]
		if g.queue < 0 {
			continue
		}
		d, arrives := g.under(v.claimed)
		if g.hasHash && g.hash != d.Hash {
			return nil
		}
		there := arrives && int32(d.Queue) == g.queue
		if !g.whole || d.Rule > 0 { // ATR leaves it alone
			if !there {
				return nil
			}
			if seen.others += g.packets; d.Rule == 0 {
				seen.rest.Groups = append(seen.rest.Groups, judge.Group{Header: g.header, Extension: g.ext, Load: g.packets})
				seen.rest.Queues = append(seen.rest.Queues, int(g.queue))
			}
			continue
		}
		if was, met := queues[d.Entry]; met && was != g.queue {
			seen.apart = true
		}
		queues[d.Entry] = g.queue
		if seen.tcp += g.packets; there {
			continue
		}
		seen.to[g.queue] = true
		if seen.moved += g.packets; int(g.queue) >= reached {
			seen.beyond += g.packets
		}
	}
	return seen
}

// countedByATR says what ATR may have to do with counters that are not as predicted: the
// packets of queues beyond the table's are its, else they can't tell.
func (v *verification) countedByATR(r *report.Verify) {
	if !v.settings.ATR() || r.Agrees != nil && *r.Agrees || v.tolerance != nil {
		return
	}
	var beyond, all uint64
	reached := v.reached()
	for q, n := range v.seen {
		if all += n; q >= reached {
			beyond += n
		}
	}
	tcp := v.tcp()
	if x := r.Explanation; float64(beyond) > beyondShare*float64(all) && beyond <= tcp && (x == nil || x.ID == "more-queues") {
		r.Explanation = explanation("atr", fmt.Sprintf("ATR, on by default with %s, moved connections to the queue of the CPU that sends on them: %.1f%% of the packets are beyond queue %d, to which no entry leads",
			v.settings.Profile.Name, 100*float64(beyond)/float64(all), reached-1), all)
		r.Agrees, r.Verdict = new(false), "Reality differs from the prediction."
		r.Evidence = append(r.Evidence, v.withoutATR())
		return
	}
	if most := v.done.Result.ATR.Most; r.Agrees == nil && most > 0 {
		r.Evidence = append(r.Evidence, fmt.Sprintf("ATR, on by default with %s, may have moved at most %.1f%% of the packets to other queues, which counters can't tell from another key or table. %s",
			v.settings.Profile.Name, 100*float64(most)/float64(v.done.Result.Received), v.withoutATR()))
	}
}

// beyondShare is the share of what was counted that may lie beyond the table's queues for
// other reasons, as packets received before it was set.
const beyondShare = 0.01

// withoutATR is how to be sure.
func (v *verification) withoutATR() string {
	off := v.settings.Profile.NTuple.OffATR
	if v.settings.Shown == nil {
		off = strings.ReplaceAll(off, "DEV", v.settings.CommandDevice())
	}
	return fmt.Sprintf("To compare without ATR turn it off for a test: `%s`.", off)
}

// reached is one more than the last queue to which the table, the default queue or a rule
// leads.
func (v *verification) reached() int {
	config := v.claimed.Config()
	last := config.DefaultQueue
	for _, q := range config.Table {
		last = max(last, int(q))
	}
	for _, target := range v.claimed.Targets() {
		last = max(last, int(target.Queue))
	}
	return last + 1
}

// tcp is what was received of TCP, in the unit of the counters.
func (v *verification) tcp() (n uint64) {
	for _, g := range v.received() {
		if g.header.Protocol == pcaps.ProtoTCP {
			n += g.in(v.unit)
		}
	}
	return n
}
