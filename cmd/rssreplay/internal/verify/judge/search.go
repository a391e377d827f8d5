package judge

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/profile"
	"rssreplay/pcaps"
)

// search looks for what explains counters that the claim does not.
type search struct {
	*Counters
	config   nicmodel.SteeringConfig // the claimed one
	in       *inputs
	keys     *trials // random keys in the claim's place
	claim    Judgement
	loads    []uint64 // of the claimed table's entries
	unhashed uint64
	beside   float64 // the share of what was counted that may be on the default queue, though no entry leads there
}

// likelyChance is the share of random keys that may do as well as a hypothesis which is told
// because no key of the claim's uses as few queues.
const likelyChance = 0.05

// candidate is a hypothesis and what it predicts.
type candidate struct {
	profile.Hypothesis
	queues []uint64
	fit    Fit
}

// explain is the explanations accepted: the simplest of those that fit nearly as well as
// the best, and then the others of them. Few queues are also used where few inputs are
// hashed, of which a few random keys may do as well: no chance, where the claimed key does.
func (s *search) explain() []Explanation {
	accepted, likely := s.keyed()
	if used, ok := s.used(); ok {
		switch {
		case used.ID == "rss-off":
			accepted = append([]Explanation{used}, accepted...)
		case len(accepted) == 0:
			accepted = append(likely, used)
		default:
			accepted = append(accepted, used)
		}
	} else if beyond, ok := s.beyond(); ok && len(accepted) == 0 {
		accepted = append(accepted, beyond)
	} else if many, ok := s.tooMany(); ok && len(accepted) == 0 {
		accepted = append(accepted, many)
	}
	return accepted
}

// keyed is the hypotheses accepted, whose predictions depend on the key; and those that
// would be, and leave hardly anything, if a few random keys in their place did not as well.
func (s *search) keyed() (accepted, likely []Explanation) {
	other := s.config.DefaultQueue
	all := s.candidates()
	parallel(len(all), func() func(int) {
		var f fitter
		return func(i int) { all[i].fit = f.fit(s.Seen, all[i].queues, other) }
	})
	var found []candidate
	for i := range all {
		if all[i].fit.better(s.claim.Fit) {
			found = append(found, all[i])
		}
	}
	found, null := s.beyondRandomKeys(found, all)
	for _, c := range found {
		own, ok := s.ownNull(&c)
		e := Explanation{Hypothesis: c.Hypothesis, Fit: c.fit, Null: null, Queues: c.queues, Explained: explained(s.Seen, c.queues, c.fit, other)}
		e.Null.Least = min(e.Null.Least, own.Least)
		switch {
		case !ok && c.fit.Residual < outlyingShare && float64(own.AsGood) <= likelyChance*float64(own.Trials):
			e.Summary += fmt.Sprintf(", of so few inputs that %.1f%% of random keys do as well", 100*float64(own.AsGood)/float64(own.Trials))
			likely = append(likely, e)
		case ok:
			if changes := s.changesByChance(&c); c.fit.Exact || changes.AsGood == 0 {
				e.few = float64(changes.AsGood) > byChance*float64(changes.Trials)
				accepted = append(accepted, e)
			}
		}
	}
	return s.apart(nearBest(accepted)), s.apart(nearBest(likely))
}

// beyondRandomKeys is those found that fit better than what the search finds in the counters
// that random keys give, and the null distribution of it. The claim is among what is tried.
func (s *search) beyondRandomKeys(found, all []candidate) ([]candidate, Null) {
	all = append(all, candidate{queues: s.claim.Predicted})
	null := Null{Least: 1}
	var fits []Fit
	for _, n := range []int{firstKeys, allKeys} {
		if len(found) == 0 {
			return nil, null
		}
		more := make([]Fit, n-len(fits))
		loads := s.keys.upTo(n)[len(fits):]
		parallel(len(more), func() func(int) {
			var f fitter
			return func(i int) { more[i] = best(&f, all, loads[i], s.config.DefaultQueue) }
		})
		fits = append(fits, more...)
		found = slices.DeleteFunc(found, func(c candidate) bool {
			return slices.ContainsFunc(more, func(f Fit) bool { return f.atLeast(c.fit) })
		})
	}
	null.add(Fit{Residual: -1}, fits)
	return found, null
}

// nearBest is the explanations that fit nearly as well as the best of them, those that change
// least first. Beside an exact one others don't count.
func nearBest(all []Explanation) []Explanation {
	if len(all) == 0 {
		return nil
	}
	exact := slices.ContainsFunc(all, func(e Explanation) bool { return e.Fit.Exact })
	all = slices.DeleteFunc(all, func(e Explanation) bool { return exact && !e.Fit.Exact })
	least := slices.MinFunc(all, func(a, b Explanation) int { return cmp.Compare(a.Fit.Residual, b.Fit.Residual) }).Fit.Residual
	all = slices.DeleteFunc(all, func(e Explanation) bool { return e.Fit.Residual > 2*least })
	slices.SortStableFunc(all, func(a, b Explanation) int {
		return cmp.Or(cmp.Compare(a.Changes, b.Changes), cmp.Compare(a.Fit.Residual, b.Fit.Residual))
	})
	return all
}

// apart is the explanations without those that steer every packet of the traffic as one
// before them does: they differ in what was not there.
func (s *search) apart(all []Explanation) []Explanation {
	var kept []Explanation
	var ways []uint64
	for _, e := range all {
		steering, err := nicmodel.NewSteering(e.Config)
		if err != nil {
			continue
		}
		way := fnv.New64a()
		var decided [8]byte
		for i := range s.Groups {
			d := steering.Decide(&s.Groups[i].Header, &s.Groups[i].Extension)
			binary.LittleEndian.PutUint32(decided[:], d.Hash)
			binary.LittleEndian.PutUint32(decided[4:], uint32(d.Queue))
			way.Write(decided[:])
		}
		if !slices.Contains(ways, way.Sum64()) {
			kept, ways = append(kept, e), append(ways, way.Sum64())
		}
	}
	return kept
}

// candidates is all hypotheses that predict something else than the claim.
func (s *search) candidates() []candidate {
	var all []candidate
	add := func(h profile.Hypothesis, queues []uint64) {
		if !equal(queues, s.claim.Predicted) {
			all = append(all, candidate{Hypothesis: h, queues: queues})
		}
	}
	kinds := kindsOf(s.Groups)
	hypotheses := slices.DeleteFunc(profile.Hypotheses(s.config), func(h profile.Hypothesis) bool { return s.sameOn(kinds, &h.Config) })
	hypotheses = append(hypotheses, s.also...)
	loads := make([][]uint64, len(hypotheses))
	parallel(len(hypotheses), func() func(int) {
		return func(i int) {
			h := &hypotheses[i]
			if steering, err := nicmodel.NewSteering(h.Config); err == nil { // it has the claim's faults, or none
				entries, unhashed := entries(s.Groups, steering)
				loads[i] = s.spread(entries, unhashed, &h.Config)
			}
		}
	})
	for i, h := range hypotheses {
		if loads[i] != nil {
			add(h, loads[i])
		}
	}
	for _, h := range profile.TableHypotheses(s.config, len(s.Seen)) {
		add(h, s.spread(s.loads, s.unhashed, &h.Config))
	}
	return all
}

// kindsOf is one header of each kind that a NIC tells apart when it chooses what it
// hashes.
func kindsOf(groups []Group) []pcaps.Header {
	seen := map[pcaps.Header]bool{}
	var kinds []pcaps.Header
	for i := range groups {
		h := &groups[i].Header
		kind := pcaps.Header{Version: h.Version, Protocol: h.Protocol, Facts: h.Facts, Reason: h.Reason}
		if !seen[kind] {
			seen[kind] = true
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// sameOn reports whether the configuration gives packets of these kinds the hashes that
// the claimed one gives.
//
// Optimization: most hypotheses are about packets that are not there.
func (s *search) sameOn(kinds []pcaps.Header, c *nicmodel.SteeringConfig) bool {
	if c.Transform != s.config.Transform || c.Function != s.config.Function || c.Fields != s.config.Fields || !slices.Equal(c.Key, s.config.Key) {
		return false
	}
	other, err := nicmodel.NewSteering(*c)
	if err != nil {
		return true // as the claim's faults, which it has
	}
	return !slices.ContainsFunc(kinds, func(h pcaps.Header) bool {
		claimed, _ := s.Claimed.HashType(&h)
		hashed, _ := other.HashType(&h)
		return claimed != hashed
	})
}

// best is the best fit of the counters by any of the candidates.
func best(f *fitter, all []candidate, seen []uint64, other int) Fit {
	least := Fit{Residual: 1}
	for i := range all {
		// Optimization: most tables reach too few queues to fit.
		if leastResidual(seen, all[i].queues, other) > least.Residual {
			continue
		}
		if fit := f.fit(seen, all[i].queues, other); fit.atLeast(least) {
			least = fit
		}
	}
	return least
}

// ownNull is random keys in the place of a candidate's, with all else of it; ok if none is
// as good. Where no key changes its prediction there is no such null.
func (s *search) ownNull(c *candidate) (null Null, ok bool) {
	in := s.in
	if h := &c.Config; h.HashTypes != s.config.HashTypes || h.Rules != s.config.Rules || h.Transform != s.config.Transform || h.Fields != s.config.Fields {
		steering, err := nicmodel.NewSteering(*h)
		if err != nil {
			return null, false
		}
		in = s.Counters.inputsUnder(steering)
	}
	keys := newTrials(in, c.Config)
	if keys.keyless(c.queues) {
		return Null{Least: 1}, true
	}
	null = s.compare(c.fit, keys, s.config.DefaultQueue)
	return null, null.AsGood == 0
}

// explained is how much of what was counted lies where the fitted prediction has it.
func explained(seen, predicted []uint64, f Fit, other int) (n uint64) {
	for q, counted := range seen {
		fitted := f.Alpha * float64(at(predicted, q))
		if q == other {
			fitted += f.Beta
		}
		n += min(counted, uint64(fitted+0.5))
	}
	return n
}

// used tells whether fewer queues take all packets than any random key would use.
func (s *search) used() (Explanation, bool) {
	queues := usedQueues(s.Seen, s.config.DefaultQueue, s.beside)
	null := Null{Least: 1}
	for _, loads := range s.keys.upTo(allKeys) {
		null.Trials++
		if len(usedQueues(loads, s.config.DefaultQueue, s.beside)) <= len(queues) {
			null.AsGood++
		}
	}
	if null.AsGood > 0 {
		return Explanation{}, false
	}
	e := Explanation{Null: null}
	e.Changes, e.Queues = 1, make([]uint64, len(s.Seen))
	for _, q := range queues {
		e.Queues[q] = Total(s.claim.Predicted) / uint64(len(queues))
		e.Explained += s.Seen[q]
	}
	alone, others := "alone", ""
	if rest := s.besides(queues); len(rest) > 0 { // of few entries, or without a hash: nothing tells
		alone, others = "nearly alone", ", the others on "+queueList(rest)
	}
	if len(queues) == 1 {
		e.ID = "rss-off"
		e.Summary = fmt.Sprintf("RSS is not in effect: %s are on queue %d%s", s.shareOf(e.Explained, Total(s.Seen)), queues[0], others)
	} else {
		e.ID = "fewer-queues"
		e.Summary = fmt.Sprintf("RSS uses %s %s, whatever the key: %s are there%s", queueList(queues), alone, s.shareOf(e.Explained, Total(s.Seen)), others)
	}
	return e, true
}

// besides is the queues that counted something, without these.
func (s *search) besides(queues []int) (rest []int) {
	for q, n := range s.Seen {
		if n > 0 && !slices.Contains(queues, q) {
			rest = append(rest, q)
		}
	}
	return rest
}

// usedQueues is the fewest queues that have nearly all of the packets, in rising order.
// The default queue is not among them where it has much less than the others, and no
// larger a share than may be beside.
func usedQueues(loads []uint64, other int, mayBeBeside float64) []int {
	all := Total(loads)
	beside := at(loads, other)
	if float64(beside) > mayBeBeside*float64(all) {
		beside = 0
	}
	var queues []int
	for q := range loads {
		if q != other || beside == 0 {
			queues = append(queues, q)
		}
	}
	slices.SortStableFunc(queues, func(a, b int) int { return cmp.Compare(loads[b], loads[a]) })
	most := float64(all - beside)
	left := most
	for i, q := range queues {
		if left <= outlyingShare*most {
			queues = queues[:i]
			break
		}
		left -= float64(loads[q])
	}
	if beside > 0 && float64(beside) > most/float64(2*len(queues)) {
		queues = append(queues, other)
	}
	slices.Sort(queues)
	return queues
}

// beyond tells whether queues take packets to which neither an entry of the claimed table
// nor a rule leads: whatever the key, the table is another one, or something else steers.
func (s *search) beyond() (Explanation, bool) {
	reached := s.reached(&s.config)
	var outside uint64
	var queues []int
	for q, n := range s.Seen {
		if !reached[q] && n > 0 {
			outside += n
			queues = append(queues, q)
		}
	}
	all := Total(s.Seen)
	if float64(outside) <= outlyingShare*float64(all) {
		return Explanation{}, false
	}
	e := Explanation{Explained: all, Null: Null{Trials: s.claim.Null.Trials, Least: s.claim.Null.Least}}
	e.ID, e.Changes = "more-queues", 1
	leads := "no entry of the claimed table leads, whatever the key"
	if s.config.HashTypes == 0 {
		leads = "nothing leads where nothing is hashed, as claimed"
	}
	e.Summary = fmt.Sprintf("%s are on %s, to which %s", s.shareOf(outside, all), queueList(queues), leads)
	return e, true
}

// tooMany tells whether more queues took packets than what is hashed has inputs, and more
// than others, which the capture lacks, may have filled: then other fields are hashed.
func (s *search) tooMany() (Explanation, bool) {
	if s.claim.Inputs == 0 || s.Ruled != nil {
		return Explanation{}, false
	}
	loads := slices.Clone(s.Seen)
	all := Total(loads)
	if s.config.DefaultQueue < len(loads) { // of what has no hash
		loads[s.config.DefaultQueue] = 0
	}
	slices.Sort(loads)
	outside := float64(Total(loads[:max(0, len(loads)-s.claim.Inputs)]))
	if lacks := float64(all) - float64(Total(s.claim.Predicted)); outside <= max(0, lacks)+maxBeta*float64(all) {
		return Explanation{}, false
	}
	used := 0
	for _, n := range s.Seen {
		used += min(int(n), 1)
	}
	e := Explanation{Explained: all, Null: Null{Trials: s.claim.Null.Trials, Least: s.claim.Null.Least}}
	e.ID, e.Changes = "more-queues", 1
	e.Summary = fmt.Sprintf("other fields are hashed, or something else steers, whatever the key: %d queues took packets, and those hashed as claimed have %d different inputs", used, s.claim.Inputs)
	return e, true
}

// reached is the queues to which an entry of the table, the default queue or a rule leads.
func (c *Counters) reached(config *nicmodel.SteeringConfig) []bool {
	reached := make([]bool, max(len(c.Seen), len(config.QueueCPU)))
	reached[config.DefaultQueue] = true
	for _, q := range config.Table {
		reached[q] = reached[q] || config.HashTypes != 0
	}
	for _, target := range c.Claimed.Targets() {
		reached[target.Queue] = true
	}
	for q, n := range c.Ruled {
		reached[q] = reached[q] || n > 0
	}
	return reached
}

func (c *Counters) shareOf(n, of uint64) string {
	switch share := float64(n) / float64(of); {
	case n == of:
		return "all " + c.Unit
	case share >= 0.9995:
		return "more than 99.9% of the " + c.Unit
	}
	return fmt.Sprintf("%.1f%% of the %s", 100*float64(n)/float64(of), c.Unit)
}

// queueList is "queue 3", "queues 0 to 3", "queues 0, 2 and 4 more".
func queueList(queues []int) string {
	first, last := queues[0], queues[len(queues)-1]
	switch {
	case len(queues) == 1:
		return fmt.Sprintf("queue %d", first)
	case last-first == len(queues)-1:
		return fmt.Sprintf("queues %d to %d", first, last)
	}
	const shown = 8
	text := fmt.Sprintf("queues %d", first)
	for i, q := range queues[1:] {
		switch {
		case i+1 == shown && len(queues) > shown+1:
			return fmt.Sprintf("%s and %d more", text, len(queues)-shown)
		case i+2 == len(queues):
			text += fmt.Sprintf(" and %d", q)
		default:
			text += fmt.Sprintf(", %d", q)
		}
	}
	return text
}
