package judge

import (
	"cmp"
	"math"
	"slices"

	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/profile"
)

// Counters is the prediction for traffic, and what the NIC counted of each queue.
type Counters struct {
	Claimed *nicmodel.Steering
	Groups  []Group  // those that the table steers
	Ruled   []uint64 // what rules lead to each queue, whatever the table and the key; nil: nothing
	Taken   []Taken  // the same, of each rule
	Seen    []uint64 // of each queue, in the unit of the groups' loads
	Unit    string   // of the loads and of what was counted, in words: "packets"

	also []profile.Hypothesis // tried besides those that every claim has
}

// Verdict is what counters tell of the claim.
type Verdict uint8

const (
	CantTell Verdict = iota // Why says what keeps them
	Agrees                  // the NIC steers as claimed
	Differs                 // it does not; Explanations may say how
)

// Why says what keeps counters from telling.
type Why uint8

const (
	Chance          Why = iota // random keys fit as well
	NothingReceived            // the capture has no received packet
	NothingCounted             // the counters have not moved
	OtherWindow                // the counters have less than half of the capture's, or more than 1.5 times as much
	SilentQueue                // a queue counts nothing that should, though the others fit
	OthersBeside               // a queue that the table leads to interrupted, and no packet was predicted for it
	PartElsewhere              // more is on other queues than another window explains, though no key fits as well
)

// Null is a null distribution: how well what is surely wrong fits.
type Null struct {
	Trials int
	Least  float64 // residual of the best
	AsGood int     // of the trials: those that fit as well as what is judged
}

// Explanation is another way of steering that explains what was counted.
type Explanation struct {
	profile.Hypothesis          // without a Config where no key changes it
	Fit                Fit      // of its prediction
	Explained          uint64   // the load that it explains, queue by queue
	Null               Null     // what it was compared with
	Queues             []uint64 // its prediction
	Untaken            []int    // locations of the rules that it says take nothing
	Context            int      // the RSS context that it is about, 0 for the main table

	few bool // it is exact, and of so few inputs that it may be so by chance
}

// Judgement is what counters tell.
type Judgement struct {
	Verdict   Verdict
	Why       Why // where they can't tell
	Predicted []uint64
	Fit       Fit     // of the claim
	Left      float64 // what it leaves; where the totals are equal, without alpha and beta: no other window is as large
	Null      Null    // of the claim
	Keyless   bool    // no key changes the prediction, which is compared with even spreads
	Ruled     bool    // rules took all that has a hash: nothing tells of the table and its key
	Inputs    int     // distinct hash inputs
	// Explanations are those accepted, the simplest first, of which the others are
	// nearly as good.
	Explanations []Explanation
}

// outlyingShare is the share of what was counted that may lie where RSS can't lead it:
// what was received before the table was set, or what a rule steers.
const outlyingShare = 0.01

// windowShare is how much of what the totals differ by another window may leave. Packets
// that are only counted, or only captured, leave as much if they are all of one queue, and
// seldom half of it: they are of many flows, as the others are.
const windowShare = 0.5

// muchBetter is how many times less an explanation has to leave than a claim that fits
// better than chance: noise spreads over all queues, so that what is much better is no
// chance.
const muchBetter = 4

// Judge compares the claim with the counters. The same counters give the same judgement.
func (c *Counters) Judge() Judgement {
	j := c.judgeTable()
	if len(c.Taken) > 0 {
		c.judgeParts(&j)
	}
	return j
}

// judgeTable is Judge of the main table, with what rules take as it is claimed.
func (c *Counters) judgeTable() Judgement {
	config := c.Claimed.Config()
	loads, unhashed := entries(c.Groups, c.Claimed)
	j := Judgement{Predicted: c.spread(loads, unhashed, &config)}
	other := config.DefaultQueue
	var f fitter
	j.Fit = f.fit(c.Seen, j.Predicted, other)
	seen, predicted := float64(Total(c.Seen)), float64(Total(j.Predicted))
	if j.Left = j.Fit.Residual; seen == predicted && seen > 0 {
		j.Left = differences(c.Seen, j.Predicted) / seen
	}
	switch {
	case predicted == 0:
		j.Why = NothingReceived
		return j
	case seen == 0:
		j.Why = NothingCounted
		return j
	}
	in := c.inputsUnder(c.Claimed)
	j.Inputs = in.distinct()
	j.Ruled = j.Inputs == 0 && Total(c.Ruled) > 0
	keys := newTrials(in, config)
	if j.Keyless = keys.keyless(j.Predicted); j.Keyless { // what it is compared with are even spreads
		keys = c.evenTrials()
	}
	j.Null = c.compare(j.Fit, keys, other)
	s := search{Counters: c, config: config, in: in, keys: keys, claim: j, loads: loads, unhashed: unhashed}
	// What has no hash, and what the capture lacks.
	s.beside = min(maxBeta, (float64(unhashed)+max(0, seen-predicted))/seen)
	// A tenth of all may be beside, on the default queue.
	if seen < minAlpha*predicted || seen*(1-maxBeta) > maxAlpha*predicted {
		j.Why = OtherWindow
		// Packets of the capture that are nowhere among more of them are missing all
		// the same.
		if used, ok := s.used(); ok && seen > predicted {
			j.Verdict, j.Explanations = Differs, []Explanation{used}
		}
		return j
	}
	agrees := j.Null.AsGood == 0
	if agrees && j.Left < outlyingShare {
		j.Verdict = Agrees
		return j
	}
	j.Explanations = s.explanations(agrees)
	switch exact, queues := j.ExactQueues(c.Seen); {
	case len(j.Explanations) > 0, agrees && 2*exact >= max(queues, 4):
		j.Verdict = Differs
	case agrees && j.Silent(c.Seen) >= 0:
		j.Why = SilentQueue // the key is right, and not all agrees
	case agrees && j.Left*seen > windowShare*math.Abs(seen-predicted):
		j.Why = PartElsewhere
	case agrees:
		j.Verdict = Agrees
	}
	return j
}

// explanations are what may be wrong in the claim, whose key is right if it agrees.
func (s *search) explanations(agrees bool) (all []Explanation) {
	if agrees {
		// The key is right, and more than a hundredth lies elsewhere: something else
		// is not, if there is what explains it all, or nearly.
		all, _ = s.keyed()
		all = slices.DeleteFunc(all, func(e Explanation) bool {
			return !e.Fit.Exact && e.Fit.Residual > s.claim.Fit.Residual/muchBetter
		})
	} else {
		all = s.explain()
	}
	if moved, ok := s.moved(); ok { // of others, only those are as good that are exact
		all = slices.DeleteFunc(all, func(e Explanation) bool { return !e.Fit.Exact })
		at := slices.IndexFunc(all, func(e Explanation) bool { return e.few })
		if at < 0 {
			at = len(all)
		}
		all = slices.Insert(all, at, moved)
	}
	return all
}

// differences is their sum over the queues.
func differences(seen, predicted []uint64) (sum float64) {
	for _, n := range missed(seen, predicted) {
		sum += float64(max(n, -n))
	}
	return sum
}

// Silent is the first queue that counts nothing where more than a hundredth of all is
// predicted, -1 for none: its counter stands still, or what it got came when nobody counted.
func (j *Judgement) Silent(seen []uint64) int {
	least := max(outlyingShare*float64(Total(j.Predicted)), leastMoved)
	for q, n := range j.Predicted {
		if at(seen, q) == 0 && float64(n) > least {
			return q
		}
	}
	return -1
}

// ExactQueues is how many of the queues that packets were predicted for count exactly that
// many; none unless all of them together do. The others' packets are then on other queues
// than predicted: it is no other window that they differ by.
func (j *Judgement) ExactQueues(seen []uint64) (exact, of int) {
	if Total(seen) != Total(j.Predicted) {
		return 0, 0
	}
	for q, n := range j.Predicted {
		if n == 0 {
			continue
		}
		if of++; n == at(seen, q) {
			exact++
		}
	}
	return exact, of
}

// inputsUnder is the groups by what the steering hashes of them, and what rules take.
func (c *Counters) inputsUnder(s *nicmodel.Steering) *inputs {
	in := inputsUnder(c.Groups, s)
	in.ruled = c.Ruled
	return in
}

// spread is the load of each queue under the configuration's table and the rules.
func (c *Counters) spread(loads []uint64, unhashed uint64, config *nicmodel.SteeringConfig) []uint64 {
	queues := spread(loads, unhashed, config)
	for q, load := range c.Ruled {
		queues[q] += load
	}
	return queues
}

// evenTrials are even spreads over the queues that count.
func (c *Counters) evenTrials() *trials {
	even := evenly(c.Claimed, len(c.Seen))
	return newTrials(c.inputsUnder(even), even.Config())
}

// evenly is a claim with a hash of keys, also where it says that nothing is hashed, and with a
// table that spreads evenly over all queues, at least so many.
func evenly(claimed *nicmodel.Steering, queues int) *nicmodel.Steering {
	c := claimed.Config()
	queues = max(queues, len(c.QueueCPU))
	c.QueueCPU, c.Function, c.Key = make([]int, queues), hash.FunctionToeplitz, RandomKey(0, c)
	c.HashTypes = cmp.Or(c.HashTypes, hash.DefaultTypes)
	c.Table = make(nicmodel.IndirectionTable, max(len(c.Table), profile.TableSize{Entries: 128, Rule: profile.TableTwice}.For(queues)))
	for i := range c.Table {
		c.Table[i] = uint16(i % queues)
	}
	even, err := nicmodel.NewSteering(c)
	if err != nil { // of what was claimed
		return claimed
	}
	return even
}

// compare is the null distribution of a fit: random keys against the counters seen.
func (c *Counters) compare(fit Fit, keys *trials, other int) Null {
	return nullOf(fit, func(upTo int) func(n int) Fit {
		loads := keys.upTo(upTo)
		return func(n int) Fit { return new(fitter).fit(c.Seen, loads[n], other) }
	})
}

// nullOf is the null distribution of a fit, of what n-th random keys, say, give in its place:
// it asks the first ones, and the others where none of these is as good. trials is told how
// many that are, and what it returns is asked several at a time.
func nullOf(fit Fit, trials func(upTo int) func(n int) Fit) Null {
	null := Null{Least: 1}
	for _, upTo := range []int{firstKeys, allKeys} {
		trial, fits := trials(upTo), make([]Fit, upTo-null.Trials)
		parallel(len(fits), func() func(int) { return func(i int) { fits[i] = trial(null.Trials + i) } })
		if null.add(fit, fits); null.AsGood > 0 {
			break
		}
	}
	return null
}

func (n *Null) add(fit Fit, trials []Fit) {
	for _, t := range trials {
		n.Least = min(n.Least, t.Residual)
		if t.atLeast(fit) {
			n.AsGood++
		}
	}
	n.Trials += len(trials)
}
