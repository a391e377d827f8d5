package judge

import "slices"

// JudgeUse compares the claim with interrupts of the queues. How many there are is
// moderation's choice, so that only which queues have some is told by them: a queue with
// more than few must have been predicted packets, and one that was predicted more than a
// hundredth of them must have some. Of what comes before or after the capture a queue may
// have interrupts, too: these alone are no difference where the table leads to it. Fit is of
// no meaning in the judgement; Least of its null is the fewest queues that a random key has
// wrong.
func (c *Counters) JudgeUse(few uint64) (j Judgement, wrong []int) {
	config := c.Claimed.Config()
	loads, unhashed := entries(c.Groups, c.Claimed)
	j.Predicted = c.spread(loads, unhashed, &config)
	switch {
	case Total(j.Predicted) == 0:
		j.Why = NothingReceived
		return j, nil
	case Total(c.Seen) == 0:
		j.Why = NothingCounted
		return j, nil
	}
	in := c.inputsUnder(c.Claimed)
	j.Inputs = in.distinct()
	wrong = c.wrongUse(j.Predicted, few)
	reached := c.reached(&config)
	if sure := slices.IndexFunc(wrong, func(q int) bool { return at(c.Seen, q) == 0 || !reached[q] }); sure >= 0 {
		j.Verdict = Differs
		wrong[0], wrong[sure] = wrong[sure], wrong[0]
	}
	keys := newTrials(in, config)
	if j.Keyless = keys.keyless(j.Predicted); j.Keyless {
		keys = c.evenTrials()
	}
	j.Null.Least = float64(len(c.Seen))
	for _, n := range []int{firstKeys, allKeys} {
		for _, other := range keys.upTo(n)[j.Null.Trials:] {
			queues := len(c.wrongUse(other, few))
			j.Null.Least = min(j.Null.Least, float64(queues))
			if queues <= len(wrong) {
				j.Null.AsGood++
			}
		}
		j.Null.Trials = n
		if j.Null.AsGood > 0 {
			break
		}
	}
	if j.Verdict != Differs {
		switch {
		case len(wrong) > 0:
			j.Why = OthersBeside
		case j.Null.AsGood == 0:
			j.Verdict = Agrees
		}
		return j, wrong
	}
	s := search{Counters: c, config: config, in: in, keys: keys, claim: j, beside: maxBeta}
	if used, ok := s.used(); ok {
		j.Explanations = []Explanation{used}
	}
	return j, wrong
}

// wrongUse is the queues that took packets against the prediction, or took none.
func (c *Counters) wrongUse(predicted []uint64, few uint64) (queues []int) {
	some := float64(Total(predicted)) * outlyingShare
	for q := range max(len(predicted), len(c.Seen)) {
		p, n := at(predicted, q), at(c.Seen, q)
		if float64(p) > some && n == 0 || p == 0 && n > few {
			queues = append(queues, q)
		}
	}
	return queues
}
