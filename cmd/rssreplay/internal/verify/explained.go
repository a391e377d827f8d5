package verify

import (
	"rssreplay/cmd/rssreplay/internal/verify/judge"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/profile"
	"rssreplay/report"
)

// explain finds the smallest change of the claim that explains all that was seen.
// If none does, the one that explains most is named, where that is nearly all.
func (v *verification) explain(r *report.Verify, groups []group) {
	type found struct {
		id, summary string
		explained   uint64
	}
	var best found
	consider := func(f found) (done bool) {
		if f.explained > best.explained {
			best = f
		}
		return f.explained == r.Packets.Checked
	}
	if f, ok := v.otherTable(groups); ok && consider(found{"table", f.summary, f.explained}) {
		r.Explanation = &report.VerifyExplanation{ID: "table", Summary: f.summary, Explained: f.explained, Changes: 1, Residual: report.Null}
		return
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
	for _, h := range hypotheses {
		steering, err := nicmodel.NewSteering(h.Config)
		if err != nil {
			continue
		}
		s, _ := v.predict(groups, steering)
		if consider(found{h.ID, h.Summary, s.packets}) {
			break
		}
	}
	if best.explained > 0 && float64(best.explained) >= 0.95*float64(r.Packets.Checked) && best.explained > v.explained(r) {
		r.Explanation = &report.VerifyExplanation{ID: best.id, Summary: best.summary, Explained: best.explained, Changes: 1, Residual: report.Null}
	}
}

// recordsRSSOff tells whether each packet is recorded with queue 0 and hash 0, and says
// so: a NIC without RSS gives out no hash.
func (v *verification) recordsRSSOff(r *report.Verify, groups []group) bool {
	for i := range groups {
		if g := &groups[i]; (g.hasHash || g.queue >= 0) && (!g.hasHash || g.hash != 0 || g.queue != 0) {
			return false
		}
	}
	r.Explanation = &report.VerifyExplanation{
		ID: "rss-off", Summary: "RSS is off: each packet is recorded with queue 0 and hash 0",
		Explained: r.Packets.Checked, Changes: 1, Residual: report.Null,
	}
	return true
}

// explained is what the claim itself explains.
func (v *verification) explained(r *report.Verify) uint64 {
	return min(max(r.Packets.QueueEqual, r.Packets.HashEqual), r.Packets.Checked-1)
}

type tableFound struct {
	summary   string
	explained uint64
}

// otherTable tells whether the hashes are as predicted, and each entry leads to one
// queue, but not to that of the claimed table.
func (v *verification) otherTable(groups []group) (tableFound, bool) {
	queues := map[int]int{} // by entry
	var explained uint64
	for i := range groups {
		g := &groups[i]
		if g.queue < 0 && !g.hasHash {
			continue
		}
		d, _ := g.under(v.claimed)
		if g.hasHash && g.hash != d.Hash {
			return tableFound{}, false
		}
		if g.queue >= 0 {
			if d.Entry < 0 {
				if int32(d.Queue) != g.queue {
					return tableFound{}, false
				}
			} else if queue, ok := queues[int(d.Entry)]; ok && queue != int(g.queue) {
				return tableFound{}, false
			} else if !ok {
				queues[int(d.Entry)] = int(g.queue)
			}
		}
		explained += g.packets
	}
	summary, changed := judge.OtherTable(v.claimed.Config().Table, queues)
	// Fewer entries than packets met would be explained by any table.
	if changed == 0 || len(queues) < 8 {
		return tableFound{}, false
	}
	return tableFound{summary, explained}, true
}
