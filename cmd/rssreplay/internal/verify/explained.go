package verify

import (
	"slices"

	"rssreplay/cmd/rssreplay/internal/verify/judge"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/profile"
	"rssreplay/report"
)

// explain finds the smallest change of the claim that explains all recorded hashes, where they
// differ. If none does, the one that explains most is named, where that is nearly all.
func (v *verification) explain(r *report.Verify, groups []group) {
	if *r.Agrees {
		return
	}
	if r.Explanation != nil { // another initial value
		if best := v.bestChange(r, groups); best.Explained == r.Packets.Checked {
			r.Explanation, r.Recovered = best, nil // the key was solved beside that value
		}
		return
	}
	if v.recordsRSSOff(r, groups) || v.movedByATR(r, groups) {
		return
	}
	best := v.bestChange(r, groups)
	if float64(best.Explained) >= judge.MostExplained*float64(r.Packets.Checked) && best.Explained > v.explained(r) {
		r.Explanation = best
	}
}

// bestChange is the first change that explains all, else that which explains most: one alone,
// with another table, with another key, or with both.
func (v *verification) bestChange(r *report.Verify, groups []group) *report.VerifyExplanation {
	best := explanation("", "", 0)
	consider := func(h profile.Hypothesis, explained uint64) (done bool) {
		if explained > best.Explained {
			best = explanation(h.ID, h.Summary, explained)
			best.Changes = h.Changes
			v.means(best, v.flagsTo(h.Config))
		}
		return explained == r.Packets.Checked
	}
	if consider(otherTable(groups, v.claimed)) {
		return best
	}
	hypotheses := profile.Hypotheses(v.claimed.Config())
	if k := r.Recovered; k != nil && !k.EqualsClaim {
		c := v.claimed.Config()
		if key, err := hash.ParseKey(k.Key); err == nil {
			c.Key = key
			summary := "the NIC has another key, the one solved from the hashes"
			if k.Difference != nil {
				summary = *k.Difference
			}
			hypotheses = append(hypotheses, profile.Hypothesis{ID: "solved-key", Summary: summary, Changes: 1, Config: c})
		}
	}
	try := func(h profile.Hypothesis) (done bool) {
		steering, err := nicmodel.NewSteering(h.Config)
		if err != nil {
			return false
		}
		s, _ := v.predict(groups, steering)
		if consider(h, s.packets.equal) {
			return true
		}
		if s.hash.all == 0 || s.hash.equal < s.hash.all {
			return false
		}
		// All hashes are explained: what is left is the table.
		table, explained := otherTable(groups, steering)
		h.Summary, h.Changes, h.Config = h.Summary+", and "+table.Summary, h.Changes+1, table.Config
		return explained > 0 && consider(h, explained)
	}
	if slices.ContainsFunc(hypotheses, try) {
		return best
	}
	for _, h := range hypotheses { // the key may be another, too
		if h.Changes == 1 && slices.Equal(h.Config.Key, v.claimed.Config().Key) && v.solveKey(&h, groups) && try(h) {
			break
		}
	}
	return best
}

// solveKey adds the key to a hypothesis under which one explains the recorded hashes: one that is
// known, else the one solved from them. It tells whether there is one, beyond chance.
func (v *verification) solveKey(h *profile.Hypothesis, groups []group) bool {
	steering, err := nicmodel.NewSteering(h.Config)
	if err != nil {
		return false
	}
	under := *v
	under.claimed = steering
	solution := hash.SolveAll(under.observe(groups, false))
	if solution == nil || solution.Surplus < minSurplus {
		return false
	}
	transform, key := h.Config.Transform, h.Config.Key
	h.Changes++
	for _, known := range profile.Hypotheses(h.Config) {
		if known.ID == "key" && solution.Agrees(transform.Key(known.Config.Key)) {
			h.Summary, h.Config = h.Summary+", and "+known.Summary, known.Config
			return true
		}
	}
	h.Summary += ", and the key is another, the one solved from the hashes"
	h.Config.Key = transform.Key(solution.Key(len(key), transform.Key(key)))
	return true
}

// explanation is one change of the claim, which explains so many packets.
func explanation(id, summary string, explained uint64) *report.VerifyExplanation {
	return &report.VerifyExplanation{ID: id, Summary: summary, Explained: explained, Changes: 1, Residual: report.Null}
}

// recordsRSSOff tells whether each packet is recorded with queue 0 and hash 0, and says
// so: a NIC without RSS gives out no hash.
func (v *verification) recordsRSSOff(r *report.Verify, groups []group) bool {
	for i := range groups {
		if g := &groups[i]; (g.hasHash || g.queue >= 0) && (!g.hasHash || g.hash != 0 || g.queue != 0) {
			return false
		}
	}
	r.Explanation = explanation("rss-off", "RSS is off: each packet is recorded with queue 0 and hash 0", r.Packets.Checked)
	off := v.claimed.Config()
	off.HashTypes, off.DefaultQueue = 0, 0
	v.means(r.Explanation, v.flagsTo(off))
	return true
}

// explained is what the claim itself explains.
func (v *verification) explained(r *report.Verify) uint64 {
	return min(max(r.Packets.QueueEqual, r.Packets.HashEqual), r.Packets.Checked-1)
}

// otherTable is another table, and how many packets it explains: all if the hashes are as
// predicted, and each entry leads to one queue, but not to that of this table; else none.
func otherTable(groups []group, under *nicmodel.Steering) (h profile.Hypothesis, explained uint64) {
	queues := map[int]int{} // by entry
	for i := range groups {
		g := &groups[i]
		if g.queue < 0 && !g.hasHash {
			continue
		}
		d, _ := g.under(under)
		was, met := queues[int(d.Entry)]
		switch {
		case g.hasHash && g.hash != d.Hash:
			return h, 0
		case g.queue < 0:
		case d.Entry < 0 && int32(d.Queue) != g.queue, d.Entry >= 0 && met && was != int(g.queue):
			return h, 0
		case d.Entry >= 0:
			queues[int(d.Entry)] = int(g.queue)
		}
		explained += g.packets
	}
	other, changed := judge.OtherTable(under.Config(), queues)
	// Fewer entries than packets met would be explained by any table.
	if changed == 0 || len(queues) < 8 {
		return h, 0
	}
	return other, explained
}
