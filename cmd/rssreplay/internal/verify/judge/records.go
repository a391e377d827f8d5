package judge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/profile"
)

// Records is the prediction for traffic, and the queue that the capture recorded of each
// packet. Where it recorded hashes, these tell more.
type Records struct {
	Claimed *nicmodel.Steering
	Groups  []Group // those that the table steers
	Queues  []int   // recorded of each group
}

// Sampled are as many groups, those of the heaviest load, as a null distribution is
// made of: no chance agrees with a hundred inputs on their queues.
const Sampled = 256

// mostQueues are as many as tables are tried for that are recorded and not claimed.
const mostQueues = 256

// MostExplained is the share of the load that an explanation has to lead to what was
// recorded of it at least.
const MostExplained = 0.95

// Judge compares the claim with the recorded queues, packet by packet. Of the fits and of
// the null distributions Residual and Least are the share of the load that is recorded on
// another queue. That the prediction is right is told where no random key does as well;
// that it is wrong needs no chance.
func (r *Records) Judge() Judgement {
	s := recordSearch{Records: r, config: r.Claimed.Config()}
	j := Judgement{Predicted: make([]uint64, len(s.config.QueueCPU))}
	for i := range r.Groups {
		j.Predicted[r.Claimed.Decide(&r.Groups[i].Header, &r.Groups[i].Extension).Queue] += r.Groups[i].Load
	}
	if Total(j.Predicted) == 0 {
		j.Why = NothingReceived
		return j
	}
	s.draw()
	claim := s.under(r.Claimed)
	j.Inputs = inputsUnder(r.Groups, r.Claimed).distinct()
	j.Fit = s.fit(s.allWrong(r.Claimed))
	compared := r.Claimed
	if j.Keyless = s.keyless(claim); j.Keyless {
		compared = evenly(r.Claimed, s.queues())
	}
	j.Null = s.compare(s.wrong(claim, s.recorded), s.keyed(s.hashed(compared), compared.Config()))
	switch {
	case !j.Fit.Exact:
		j.Verdict, j.Explanations = Differs, s.explain(&j, claim)
	case j.Null.AsGood == 0:
		j.Verdict = Agrees
	}
	return j
}

// recordSearch looks for what explains recorded queues that the claim does not.
type recordSearch struct {
	*Records
	config   nicmodel.SteeringConfig // the claimed one
	sample   []int                   // of the groups, the heaviest
	total    uint64                  // its load
	all      uint64                  // that of all groups
	recorded []int                   // its queues
	inputs   [][]byte                // what the claim hashes of it; nil of what has no hash
}

// draw takes the sample.
func (s *recordSearch) draw() {
	for i := range s.Groups {
		s.sample, s.all = append(s.sample, i), s.all+s.Groups[i].Load
	}
	slices.SortStableFunc(s.sample, func(a, b int) int { return cmp.Compare(s.Groups[b].Load, s.Groups[a].Load) })
	s.sample = s.sample[:min(len(s.sample), Sampled)]
	for _, i := range s.sample {
		s.total += s.Groups[i].Load
		s.recorded = append(s.recorded, s.Queues[i])
	}
	s.inputs = s.hashed(s.Claimed)
}

// queues are as many as are recorded, within reason: a record may be damaged.
func (s *recordSearch) queues() int { return min(slices.Max(s.Queues), mostQueues-1) + 1 }

// hashed is what a steering hashes of each group of the sample.
func (s *recordSearch) hashed(steering *nicmodel.Steering) [][]byte {
	inputs := make([][]byte, len(s.sample))
	for k, i := range s.sample {
		g := &s.Groups[i]
		if t, why := steering.HashType(&g.Header); why == nicmodel.Hashed {
			inputs[k] = steering.Hashed(nicmodel.AppendInput(nil, &g.Header, &g.Extension, t), t, g.Header.Protocol)
		}
	}
	return inputs
}

// under is the queue of each group of the sample under a steering.
func (s *recordSearch) under(steering *nicmodel.Steering) []int {
	queues := make([]int, len(s.sample))
	for k, i := range s.sample {
		queues[k] = int(steering.Decide(&s.Groups[i].Header, &s.Groups[i].Extension).Queue)
	}
	return queues
}

// keyed gives the queues of the sample under the n-th random key, with all else of the
// configuration.
func (s *recordSearch) keyed(inputs [][]byte, c nicmodel.SteeringConfig) func(n int) []int {
	return func(n int) []int {
		queues := make([]int, len(inputs))
		for k, entry := range entriesUnder(inputs, n, &c) {
			queues[k] = c.DefaultQueue
			if entry >= 0 {
				queues[k] = int(c.Table[entry])
			}
		}
		return queues
	}
}

// entriesUnder is the entry of each input under the n-th random key, −1 without a hash.
func entriesUnder(inputs [][]byte, n int, c *nicmodel.SteeringConfig) []int {
	entries := make([]int, len(inputs))
	table, err := hash.NewTable(RandomKey(n, *c), hash.MaxInputLen)
	for k, input := range inputs {
		if entries[k] = -1; input != nil && err == nil {
			entries[k] = int(entryOf(input, table, c))
		}
	}
	return entries
}

// wrong is the share of the sample's load that is on other queues.
func (s *recordSearch) wrong(queues, recorded []int) float64 {
	var n uint64
	for k, i := range s.sample {
		if queues[k] != recorded[k] {
			n += s.Groups[i].Load
		}
	}
	return float64(n) / float64(s.total)
}

// allWrong is the load of all groups that is on other queues than a steering leads it to.
func (s *recordSearch) allWrong(steering *nicmodel.Steering) (n uint64) {
	for i := range s.Groups {
		if g := &s.Groups[i]; int(steering.Decide(&g.Header, &g.Extension).Queue) != s.Queues[i] {
			n += g.Load
		}
	}
	return n
}

// fit is that of a prediction which has so much of the load wrong.
func (s *recordSearch) fit(wrong uint64) Fit {
	return Fit{Alpha: 1, Residual: float64(wrong) / float64(s.all), Exact: wrong == 0}
}

// keyless reports whether each key leads the sample to these queues.
func (s *recordSearch) keyless(queues []int) bool {
	under := s.keyed(s.inputs, s.config)
	for n := range firstKeys {
		if !slices.Equal(under(n), queues) {
			return false
		}
	}
	return true
}

// compare is the null distribution of what is wrong: random keys against the recorded
// queues.
func (s *recordSearch) compare(wrong float64, under func(n int) []int) Null {
	return NullOf(wrong, func(n int) float64 { return s.wrong(under(n), s.recorded) })
}

// NullOf is the null distribution of a share that is wrong, of what n-th random keys
// leave wrong.
func NullOf(wrong float64, of func(n int) float64) Null {
	return nullOf(Fit{Residual: wrong}, func(int) func(n int) Fit {
		return func(n int) Fit { return Fit{Residual: of(n)} }
	})
}

// recordCandidate is a hypothesis, and where it leads the sample.
type recordCandidate struct {
	profile.Hypothesis
	queues []int
}

// explain is the explanations accepted, as those of counters are: what leads nearly all
// to the recorded queues, and more than anything that the same search finds in the queues
// that random keys would give; nor may random keys in its own place do as well. The
// simplest comes first, and then what does nearly as well.
func (s *recordSearch) explain(j *Judgement, claim []int) []Explanation {
	var accepted []Explanation
	if e, ok := s.oneQueue(); ok {
		return []Explanation{e}
	}
	all := s.candidates(claim)
	var found []recordCandidate
	best := 1.0
	for _, c := range all {
		if w := s.wrong(c.queues, s.recorded); w <= 1-MostExplained && w < s.wrong(claim, s.recorded) {
			found = append(found, c)
			best = min(best, w)
		}
	}
	if len(found) > 0 {
		all = append(all, recordCandidate{queues: claim})
		under := s.keyed(s.inputs, s.config)
		search := NullOf(best, func(n int) float64 {
			seen, least := under(n), 1.0
			for i := range all {
				least = min(least, s.wrong(all[i].queues, seen))
			}
			return least
		})
		for _, c := range found {
			if w := s.wrong(c.queues, s.recorded); w >= search.Least {
				continue
			}
			if e, ok := s.accept(&c, search); ok && e.Fit.Residual < j.Fit.Residual && e.Fit.Residual <= 1-MostExplained {
				accepted = append(accepted, e)
			}
		}
	}
	if e, ok := s.otherTable(); ok {
		accepted = append(accepted, e)
	}
	if len(accepted) == 0 {
		return nil
	}
	least := slices.MinFunc(accepted, func(a, b Explanation) int { return cmp.Compare(a.Fit.Residual, b.Fit.Residual) }).Fit.Residual
	accepted = slices.DeleteFunc(accepted, func(e Explanation) bool { return e.Fit.Residual > 2*least })
	slices.SortStableFunc(accepted, func(a, b Explanation) int {
		return cmp.Or(cmp.Compare(a.Changes, b.Changes), cmp.Compare(b.Explained, a.Explained))
	})
	return accepted
}

// accept is the explanation that a candidate is, if random keys in its place do worse.
func (s *recordSearch) accept(c *recordCandidate, search Null) (e Explanation, ok bool) {
	steering, err := nicmodel.NewSteering(c.Config)
	if err != nil {
		return e, false
	}
	own := s.compare(s.wrong(c.queues, s.recorded), s.keyed(s.hashed(steering), c.Config))
	if own.AsGood > 0 {
		return e, false
	}
	e = s.explanation(c.Hypothesis, s.allWrong(steering))
	e.Null = search
	e.Null.Least = min(search.Least, own.Least)
	return e, true
}

// explanation is one that leaves so much of the load wrong.
func (s *recordSearch) explanation(h profile.Hypothesis, wrong uint64) Explanation {
	return Explanation{Hypothesis: h, Fit: s.fit(wrong), Explained: s.all - wrong}
}

// candidates is all hypotheses that lead the sample elsewhere than the claim, tables
// first.
func (s *recordSearch) candidates(claim []int) []recordCandidate {
	var all []recordCandidate
	add := func(h profile.Hypothesis, queues []int) {
		if !slices.Equal(queues, claim) {
			all = append(all, recordCandidate{h, queues})
		}
	}
	entries := make([]int, len(s.sample))
	for k, i := range s.sample {
		entries[k] = int(s.Claimed.Decide(&s.Groups[i].Header, &s.Groups[i].Extension).Entry)
	}
	for _, h := range profile.TableHypotheses(s.config, s.queues()) {
		queues := slices.Clone(claim)
		for k, entry := range entries {
			if entry >= 0 {
				queues[k] = int(h.Config.Table[entry])
			}
		}
		add(h, queues)
	}
	for _, h := range profile.Hypotheses(s.config) {
		if steering, err := nicmodel.NewSteering(h.Config); err == nil {
			add(h, s.under(steering))
		}
	}
	return all
}

// oneQueue tells whether all is recorded on one queue, as no random key leads it.
func (s *recordSearch) oneQueue() (e Explanation, ok bool) {
	one := func(queues []int) bool {
		return !slices.ContainsFunc(queues, func(q int) bool { return q != queues[0] })
	}
	if !one(s.Queues) {
		return e, false
	}
	under := s.keyed(s.inputs, s.config)
	e = s.explanation(profile.Hypothesis{ID: "rss-off", Config: OnQueue(s.config, s.Queues[0]), Summary: fmt.Sprintf("RSS is not in effect: all packets are recorded on queue %d", s.Queues[0]), Changes: 1}, 0)
	e.Null = NullOf(0.5, func(n int) float64 {
		if one(under(n)) {
			return 0
		}
		return 1
	})
	return e, e.Null.AsGood == 0
}

// otherTable tells whether each entry of the claim leads to one queue, as no random key
// has it, but not to that of the claimed table.
func (s *recordSearch) otherTable() (e Explanation, ok bool) {
	// apart is the load that is not on the queue which has most of its entry's.
	apart := func(entries []int, groups func(k int) int) (wrong uint64, table map[int]int) {
		loads := map[[2]int]uint64{}
		for k, entry := range entries {
			n := s.Groups[groups(k)].Load
			loads[[2]int{entry, s.Queues[groups(k)]}] += n
			wrong += n
		}
		most, table := map[int]uint64{}, map[int]int{}
		for at, n := range loads {
			entry, queue := at[0], at[1]
			if entry < 0 && queue != s.config.DefaultQueue {
				continue
			}
			if n > most[entry] || n == most[entry] && queue < table[entry] {
				most[entry], table[entry] = n, queue
			}
		}
		for _, n := range most {
			wrong -= n
		}
		return wrong, table
	}
	claimed := make([]int, len(s.Groups))
	for i := range s.Groups {
		claimed[i] = int(s.Claimed.Decide(&s.Groups[i].Header, &s.Groups[i].Extension).Entry)
	}
	wrong, table := apart(claimed, func(i int) int { return i })
	if s.fit(wrong).Residual > 1-MostExplained {
		return e, false
	}
	inSample := func(k int) int { return s.sample[k] }
	entries := make([]int, len(s.sample))
	for k, i := range s.sample {
		entries[k] = claimed[i]
	}
	own, _ := apart(entries, inSample)
	share := func(n uint64) float64 { return float64(n) / float64(s.total) }
	chance := NullOf(share(own), func(n int) float64 {
		w, _ := apart(entriesUnder(s.inputs, n, &s.config), inSample)
		return share(w)
	})
	delete(table, -1)
	other, changed := OtherTable(s.config, table)
	e = s.explanation(other, wrong)
	e.Null = chance
	return e, chance.AsGood == 0 && changed > 0
}

// withEntries is the configuration with those entries of its table that were seen.
func withEntries(c nicmodel.SteeringConfig, seen map[int]int) nicmodel.SteeringConfig {
	c.Table = slices.Clone(c.Table)
	for entry, queue := range seen {
		c.Table[entry] = uint16(queue)
	}
	return withQueues(c)
}

// OnQueue is the configuration with all on one queue.
func OnQueue(c nicmodel.SteeringConfig, queue int) nicmodel.SteeringConfig {
	c.Table = slices.Repeat([]uint16{uint16(queue)}, len(c.Table))
	c.DefaultQueue = queue
	return withQueues(c)
}

// withQueues is the configuration with a CPU for each queue that its table leads to.
func withQueues(c nicmodel.SteeringConfig) nicmodel.SteeringConfig {
	c.QueueCPU = slices.Clone(c.QueueCPU)
	for len(c.QueueCPU) <= int(slices.Max(c.Table)) {
		c.QueueCPU = append(c.QueueCPU, 0)
	}
	return c
}

// mostNamed are as many entries as are named one by one that lead elsewhere: more are
// another table, not some that were moved.
const mostNamed = 6

// OtherTable is the table that was seen in the claimed one's place: one that a rule fills, if it
// leads all there, else the claimed one with what was seen, unless a damaged record names a queue
// that no table leads to. seen has the queue of each entry that packets met. changed is how many
// of them lead to another queue than claimed.
func OtherTable(claimed nicmodel.SteeringConfig, seen map[int]int) (h profile.Hypothesis, changed int) {
	var named []string
	last := 0 // of the queues
	for _, entry := range slices.Sorted(maps.Keys(seen)) {
		last = max(last, seen[entry])
		if was := int(claimed.Table[entry]); was != seen[entry] {
			changed++
			named = append(named, fmt.Sprintf("%d: %d → %d", entry, was, seen[entry]))
		}
	}
	if changed > mostNamed {
		for _, h := range profile.TableHypotheses(claimed, min(last, mostQueues-1)+1) {
			leads := true
			for entry, queue := range seen {
				leads = leads && int(h.Config.Table[entry]) == queue
			}
			if leads {
				return h, changed
			}
		}
	}
	summary := fmt.Sprintf("the NIC has another indirection table: %d of the %d entries that packets met lead to another queue", changed, len(seen))
	if 0 < changed && changed <= mostNamed {
		summary += " (entry " + strings.Join(named, ", ") + ")"
	}
	h = profile.Hypothesis{ID: "table", Summary: summary, Changes: 1, Config: claimed}
	if last < nicmodel.MaxQueues {
		h.Config = withEntries(claimed, seen)
	}
	return h, changed
}
