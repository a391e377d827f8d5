package main

import (
	"encoding/hex"
	"fmt"
	"slices"

	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/profile"
	"rssreplay/report"
)

// report compares, and looks for what explains a difference.
func (v *verification) report() (*report.Verify, error) {
	groups := v.received()
	if v.source == "" {
		if !v.hasRecords {
			return nil, usageError{v.noRecords()}
		}
		v.source = "records"
	}
	a := &assembly{settings: v.settings, replayed: v.done}
	r := &report.Verify{
		Tool: tool(), Capture: a.capture(), Parameters: v.settings.parameters, Source: v.source,
		Notes: v.settings.notes, Caveats: a.caveats(),
	}
	plain, predicted := v.predict(groups, v.claimed, false)
	if v.source == "records" && plain.all == 0 {
		return nil, usagef("no packet that records a queue or a hash is one that the NIC received (direction: %s), so there is nothing to compare with: see --direction and --local", v.done.rule)
	}
	swapped, _ := v.predict(groups, v.claimed, true)
	order := swapped.hash > plain.hash // DPDK writes the hash as its machine has it
	score := plain
	if order {
		score = swapped
	}
	if v.source == "records" {
		predicted, v.seen = v.recordedQueues(groups)
		v.judgeRecords(r, score, order)
	} else {
		v.judgeCounters(r, predicted)
	}
	for q := range max(len(predicted), len(v.seen)) {
		row := report.VerifiedQueue{Queue: q}
		if q < len(predicted) {
			row.Predicted = predicted[q]
		}
		if q < len(v.seen) {
			row.Seen = v.seen[q]
		}
		r.Queues = append(r.Queues, row)
	}
	if v.source == "records" && score.hashAll > 0 {
		v.recover(r, groups, &order)
	}
	if !r.Agrees {
		v.explain(r, groups, order)
	}
	return r, nil
}

// noRecords says what to give to a capture that records neither hash nor queue.
func (v *verification) noRecords() error {
	if r := v.done.result; r.Packets == 0 && r.Filtered+r.OutOfRange > 0 {
		return fmt.Errorf("--filter, --from or --to left out all %d packets, so there is nothing to compare with", r.Filtered+r.OutOfRange)
	}
	for _, info := range v.done.files {
		if info.OtherHashes > 0 {
			return fmt.Errorf("%s records hashes, but of another function than Toeplitz (%d packets), which this program does not compute: give --counters-before and --counters-after, two outputs of `ethtool -S`", info.Name, info.OtherHashes)
		}
	}
	return fmt.Errorf("%s records neither the queue nor the hash of a packet (pcapng's epb_queue and epb_hash), so there is nothing to compare with: give --counters-before and --counters-after, outputs of `ethtool -S` from before and after the capture", v.done.files[0].Name)
}

// recordedQueues are the packets of each queue, predicted and recorded, of those
// whose queue was recorded.
func (v *verification) recordedQueues(groups []group) (predicted, seen []uint64) {
	predicted = make([]uint64, v.claimed.Queues())
	for i := range groups {
		g := &groups[i]
		if g.queue < 0 {
			continue
		}
		for int(g.queue) >= len(seen) && len(seen) < nicmodel.MaxQueues {
			seen = append(seen, 0)
		}
		if int(g.queue) < len(seen) {
			seen[g.queue] += g.packets
		}
		predicted[v.claimed.Decide(&g.header, &g.ext).Queue] += g.packets
	}
	return predicted, seen
}

func (v *verification) judgeRecords(r *report.Verify, s score, swapped bool) {
	r.Packets = report.Checked{Checked: s.all, HashEqual: s.hash, HashChecked: s.hashAll, QueueEqual: s.queue, QueueChecked: s.queueAll}
	r.Agrees = s.packets == s.all
	r.Verdict = fmt.Sprintf("The prediction agrees with all %d packets that record a hash or a queue.", s.all)
	if !r.Agrees {
		r.Verdict = fmt.Sprintf("Reality differs from the prediction: it agrees with %d of %d packets that record a hash or a queue.", s.packets, s.all)
	}
	if swapped {
		r.Caveats = append(r.Caveats, "The recorded hashes have their bytes in little-endian order, as DPDK's pcapng library writes them; they are read so.")
	}
}

func (v *verification) judgeCounters(r *report.Verify, predicted []uint64) {
	var all uint64
	for _, n := range predicted {
		all += n
	}
	r.Packets.Checked = all
	if v.source == "interrupts" {
		v.judgeInterrupts(r, predicted)
		return
	}
	r.Packets.QueueChecked = all
	r.Packets.QueueEqual = inBoth(predicted, v.seen)
	worst, differs := v.differs(predicted)
	switch {
	case !differs:
		r.Agrees = true
		r.Verdict = fmt.Sprintf("The prediction agrees with the NIC's counters: no queue differs by more than %s of the packets.", share(v.tolerance))
	default:
		r.Verdict = fmt.Sprintf("Reality differs from the prediction: queue %d counts %d packets, and %d were predicted; more than %s of all lie between (--tolerance).",
			worst, packetsOf(v.seen, worst), packetsOf(predicted, worst), share(v.tolerance))
	}
	r.Caveats = append(r.Caveats, "Counters count all that the NIC received between the two outputs: packets that are not in the capture too.")
}

// judgeInterrupts: how many interrupts there are is moderation's choice, so only
// which queues have some is compared.
func (v *verification) judgeInterrupts(r *report.Verify, predicted []uint64) {
	var all uint64
	for _, n := range v.seen {
		all += n
	}
	few := uint64(v.tolerance * float64(all))
	r.Agrees = true
	r.Verdict = "The prediction agrees with the interrupts: those queues have some that packets were predicted for."
	for q := range max(len(predicted), len(v.seen)) {
		switch {
		case packetsOf(predicted, q) > 0 && packetsOf(v.seen, q) == 0:
			r.Agrees = false
			r.Verdict = fmt.Sprintf("Reality differs from the prediction: %d packets were predicted for queue %d, which did not interrupt.", packetsOf(predicted, q), q)
		case packetsOf(predicted, q) == 0 && packetsOf(v.seen, q) > few+1:
			r.Agrees = false
			r.Verdict = fmt.Sprintf("Reality differs from the prediction: queue %d interrupted %d times, and no packet was predicted for it.", q, packetsOf(v.seen, q))
		}
	}
	r.Caveats = append(r.Caveats, "Interrupts tell which queues took packets, not how many: `ethtool -S` does.")
}

func packetsOf(of []uint64, i int) uint64 {
	if i < len(of) {
		return of[i]
	}
	return 0
}

func share(of float64) string { return fmt.Sprintf("%g%%", of*100) }

// inBoth is how many packets are on the same queue in both.
func inBoth(a, b []uint64) (n uint64) {
	for q := range min(len(a), len(b)) {
		n += min(a[q], b[q])
	}
	return n
}

// differs tells whether a queue's counter is further from the prediction than the
// tolerance lets it be, and which is the furthest.
func (v *verification) differs(predicted []uint64) (worst int, differs bool) {
	var all, most uint64
	for _, n := range predicted {
		all += n
	}
	for q := range max(len(predicted), len(v.seen)) {
		d := max(packetsOf(predicted, q), packetsOf(v.seen, q)) - min(packetsOf(predicted, q), packetsOf(v.seen, q))
		if d > most {
			most, worst = d, q
		}
	}
	return worst, float64(most) > v.tolerance*float64(all)
}

// explain finds the smallest change of the claim that explains all that was seen.
// If none does, the one that explains most is named, where that is nearly all.
func (v *verification) explain(r *report.Verify, groups []group, swapped bool) {
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
	if v.source == "records" {
		if f, ok := v.otherTable(groups, swapped); ok && consider(found{"table", f.summary, f.explained}) {
			r.Explanation = &report.VerifyExplanation{ID: "table", Summary: f.summary, Explained: f.explained}
			return
		}
	}
	hypotheses := profile.Hypotheses(v.claimed.Config())
	if k := r.Recovered; k != nil && !k.EqualsClaim {
		c := v.claimed.Config()
		if key, err := hash.ParseKey(k.Key); err == nil {
			c.Key = key
			if s, err := nicmodel.NewSteering(c); err == nil {
				summary := "the NIC has another key, the one solved from the hashes"
				if k.Difference != nil {
					summary = *k.Difference
				}
				hypotheses = append(hypotheses, profile.Hypothesis{ID: "solved-key", Summary: summary, Steering: s})
			}
		}
	}
	for _, h := range hypotheses {
		var f found
		if v.source == "records" {
			s, _ := v.predict(groups, h.Steering, swapped)
			f = found{h.ID, h.Summary, s.packets}
		} else {
			_, queues := v.predict(groups, h.Steering, false)
			f = found{h.ID, h.Summary, inBoth(queues, v.seen)}
			if _, differs := v.differs(queues); v.source == "counters" && !differs {
				f.explained = r.Packets.Checked
			} else if v.source == "interrupts" {
				f.explained = 0 // they tell too little
			}
		}
		if consider(f) {
			break
		}
	}
	if best.explained > 0 && float64(best.explained) >= 0.95*float64(r.Packets.Checked) && best.explained > v.explained(r) {
		r.Explanation = &report.VerifyExplanation{ID: best.id, Summary: best.summary, Explained: best.explained}
	}
}

// explained is what the claim itself explains.
func (v *verification) explained(r *report.Verify) uint64 {
	if v.source == "counters" {
		return r.Packets.QueueEqual
	}
	return min(max(r.Packets.QueueEqual, r.Packets.HashEqual), r.Packets.Checked-1)
}

type tableFound struct {
	summary   string
	explained uint64
}

// otherTable tells whether the hashes are as predicted, and each entry leads to one
// queue, but not to that of the claimed table.
func (v *verification) otherTable(groups []group, swapped bool) (tableFound, bool) {
	queues := map[int32]int32{} // by entry
	changed := 0
	table := slices.Clone(v.claimed.Config().Table)
	var explained uint64
	for i := range groups {
		g := &groups[i]
		if g.queue < 0 && !g.hasHash {
			continue
		}
		d := v.claimed.Decide(&g.header, &g.ext)
		if g.hasHash && recordedHash(g.hash, swapped) != d.Hash {
			return tableFound{}, false
		}
		if g.queue >= 0 {
			if d.Entry < 0 {
				if int32(d.Queue) != g.queue {
					return tableFound{}, false
				}
			} else if queue, ok := queues[d.Entry]; ok && queue != g.queue {
				return tableFound{}, false
			} else if !ok {
				queues[d.Entry] = g.queue
				if int32(table[d.Entry]) != g.queue {
					changed++
				}
			}
		}
		explained += g.packets
	}
	// Fewer entries than packets met would be explained by any table.
	if changed == 0 || len(queues) < 8 {
		return tableFound{}, false
	}
	return tableFound{fmt.Sprintf("the NIC has another indirection table: %d of the %d entries that packets met lead to another queue", changed, len(queues)), explained}, true
}

// recover solves the key from the recorded hashes: from whole TCP packets first,
// which every parser reads alike, and from all where there are too few.
func (v *verification) recover(r *report.Verify, groups []group, swapped *bool) {
	var best *hash.Solution
	for _, order := range []bool{*swapped, !*swapped} {
		s := v.solve(groups, order)
		if s != nil && (best == nil || s.Consistent > best.Consistent) {
			best, *swapped = s, order
		}
		if best != nil && best.Inconsistent == 0 {
			break
		}
	}
	if best == nil || best.Consistent <= best.Inconsistent {
		return // no key explains them
	}
	claimed := v.claimed.Config().Key
	key := best.Key(len(claimed), claimed)
	k := &report.RecoveredKey{
		Key: hex.EncodeToString(key), Determined: len(best.Determined), Undetermined: best.Open,
		Equations: best.Equations, EqualsClaim: best.Agrees(claimed),
	}
	if difference := best.Difference(claimed); difference != "" {
		k.Difference = &difference
	}
	c := v.claimed.Config()
	c.Key = key
	if s, err := nicmodel.NewSteering(c); err == nil {
		score, _ := v.predict(groups, s, *swapped)
		k.Inconsistent = score.hashAll - score.hash
	}
	r.Recovered = k
}

// solvingGroups are as many whole TCP flows as a key is solved from alone.
const solvingGroups = 16

func (v *verification) solve(groups []group, swapped bool) *hash.Solution {
	observe := func(whole bool) []hash.Observation {
		var all []hash.Observation
		for i := range groups {
			g := &groups[i]
			d := v.claimed.Decide(&g.header, &g.ext)
			if !g.hasHash || d.Type == hash.None || g.hash == 0 || whole && !g.whole {
				continue
			}
			input := nicmodel.AppendInput(nil, &g.header, &g.ext, d.Type)
			all = append(all, hash.Observation{Input: v.claimed.Hashed(input, d.Type, g.header.Protocol), Hash: recordedHash(g.hash, swapped)})
		}
		return all
	}
	if whole := observe(true); len(whole) >= solvingGroups {
		return hash.Solve(whole)
	}
	return hash.Solve(observe(false))
}
