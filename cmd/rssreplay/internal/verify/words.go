package verify

import (
	"fmt"
	"math"

	"rssreplay/cmd/rssreplay/internal/verify/judge"
	"rssreplay/report"
)

// This file says in sentences what package verify computed.

// fewInputs is so few distinct hash inputs that many random keys lead all of them to the
// same queues.
const fewInputs = 6

// toldFrom is the share of what was counted from which what is left is told in the verdict.
const toldFrom = 0.0005

// verdict is the judgement in a sentence.
func (v *verification) verdict(j *judge.Judgement) string {
	tell := "Counters can't tell"
	switch v.source {
	case "interrupts":
		tell = "Interrupts can't tell"
	case "records":
		tell = "Recorded queues can't tell"
	}
	switch {
	case j.Verdict == judge.Agrees && v.source == "counters" && j.Left/2 >= toldFrom: // an entry that leads elsewhere may leave as much
		return fmt.Sprintf("The prediction agrees with the NIC's counters, but for %s of the %s.", percentage(j.Left/2), report.UnitWords(v.unit))
	case j.Verdict == judge.Agrees:
		return "The prediction agrees with the NIC's counters."
	case j.Verdict == judge.Differs:
		return "Reality differs from the prediction."
	case j.Why == judge.NothingReceived:
		return tell + ": the capture has no packet that the NIC received."
	case j.Why == judge.NothingCounted:
		return tell + ": no queue counted anything between the two texts."
	case j.Why == judge.OtherWindow:
		return fmt.Sprintf("%s: they have %.3g times as many %s as the capture; take the two outputs right before and after it, of all that it captures.", tell,
			float64(judge.Total(v.seen))/float64(judge.Total(j.Predicted)), report.UnitWords(v.unit))
	case j.Why == judge.SilentQueue:
		q := j.Silent(v.seen)
		return fmt.Sprintf("%s: queue %d counts nothing, where %s %s are predicted, though the others fit; look whether its counter moves at all, and record hashes.", tell,
			q, report.Exact(j.Predicted[q]), report.UnitWords(v.unit))
	case j.Why == judge.PartElsewhere:
		return fmt.Sprintf("%s: the prediction fits better than %s do, but %s of the %s are on other queues than predicted; part of the table, or a rule, may be another, or the two outputs were not taken right before and after the capture.", tell,
			chances(j), percentage(j.Left/2), report.UnitWords(v.unit))
	case j.Ruled:
		return tell + ": rules took all packets that have a hash, so that none tells of the table and its key."
	}
	with := "use fewer flows"
	switch {
	case v.source == "interrupts":
		with = "give --counters-before and --counters-after"
	case v.source == "records", j.Inputs < fewInputs:
		with = "use more flows"
	}
	return fmt.Sprintf("%s: %d of %s %s; record hashes, or %s.", tell, j.Null.AsGood, trials(&j.Null), fitAsWell(j), with)
}

// trials is how many random keys or spreads were tried.
func trials(n *judge.Null) string { return report.Exact(uint64(n.Trials)) }

// chances is what the claim was compared with.
func chances(j *judge.Judgement) string {
	if j.Keyless {
		return "even spreads"
	}
	return "random keys"
}

func fitAsWell(j *judge.Judgement) string {
	if j.Null.AsGood == 1 {
		return chances(j) + " fits as well"
	}
	return chances(j) + " fit as well"
}

// evidence says how the counters follow from the prediction, and what chance does.
func (v *verification) evidence(j *judge.Judgement, r *report.Verify) []string {
	if j.Why == judge.NothingReceived || j.Why == judge.NothingCounted {
		return nil
	}
	all := []string{fitText(r, judge.Total(v.seen), j.Verdict == judge.Agrees)}
	null := fmt.Sprintf("None of %s %s fits as well: the best of them leaves %s.", trials(&j.Null), chances(j), percentage(j.Null.Least))
	if j.Null.AsGood > 0 {
		null = fmt.Sprintf("%d of %s %s: the best of them leaves %s.", j.Null.AsGood, trials(&j.Null), fitAsWell(j), percentage(j.Null.Least))
	}
	if !j.Ruled { // under a table and a key that take no part, all fit as well
		all = append(all, null)
	}
	if len(j.Explanations) > 0 {
		n := &j.Explanations[0].Null
		all = append(all, fmt.Sprintf("The explanation fits better than what the same search finds by chance in the counters that %s random keys would give.", trials(n)))
	}
	if exact, of := j.ExactQueues(v.seen); len(j.Explanations) == 0 && j.Verdict == judge.Differs {
		all = append(all, fmt.Sprintf("%d of %d queues count exactly what was predicted, and all together as many: so packets of the others are on other queues than predicted, as if some entries of a table led elsewhere.", exact, of))
	}
	return all
}

// recordsEvidence says what chance does to recorded queues or CPUs.
func recordsEvidence(j *judge.Judgement, of string) string {
	n := &j.Null
	if n.AsGood > 0 {
		return fmt.Sprintf("%d of %s %s lead as many packets to the recorded %s; the best of them leads %s there.", n.AsGood, trials(n), chances(j), of, percentage(1-n.Least))
	}
	return fmt.Sprintf("None of %s %s leads more than %s of the packets to the recorded %s.", trials(n), chances(j), percentage(1-n.Least), of)
}

// fitText says in words what alpha, beta and the residual are, of all that was seen;
// fits: that the prediction follows.
func fitText(r *report.Verify, seen uint64, fits bool) string {
	f := r.Fit
	if f.Exact {
		return "Each queue counts exactly what was predicted (alpha 1, beta 0)."
	}
	of := report.UnitWords(r.Unit)
	text := "as many " + of + " as predicted"
	if change := float64(f.Alpha) - 1; math.Abs(change) >= 0.0005 {
		than := "more"
		if change < 0 {
			than = "fewer"
		}
		text = fmt.Sprintf("%s %s %s than predicted", percentage(math.Abs(change)), than, of)
	}
	if f.Beta > 0 {
		text += fmt.Sprintf(", and %s more on queue %d", percentage(float64(f.Beta)/float64(seen)), f.Queue)
	}
	// Not their sums: alpha is what fits most of the queues.
	text = fmt.Sprintf("the queues count %s (alpha %.4f, beta %s)", text, float64(f.Alpha), report.Exact(uint64(f.Beta)))
	left := percentage(float64(f.Residual))
	if fits {
		return fmt.Sprintf("T%s; with that, differences of %s are left.", text[1:], left)
	}
	return fmt.Sprintf("At best the prediction leaves differences of %s: if %s.", left, text)
}

func percentage(share float64) string {
	switch {
	case share > 0 && share < toldFrom:
		return "less than 0.1%"
	case share < 1 && share >= 0.9995:
		return "more than 99.9%"
	}
	return fmt.Sprintf("%.1f%%", 100*share)
}
