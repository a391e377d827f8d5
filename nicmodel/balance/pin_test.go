package balance

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"rssreplay/nicmodel"
)

// elephants puts a flow into a trace, which has that share of the packets between two
// times, from 0 to 1.
func (t trace) elephant(r *rand.Rand, flow int, share, from, to float64) trace {
	entry := r.IntN(traceEntries)
	all := slices.Clone(t)
	for i := range all {
		if at := float64(i) / float64(len(all)); at >= from && at < to && r.Float64() < share {
			all[i] = packet{flow, entry}
		}
	}
	return all
}

// pinning is the search over the heaviest flows of each fold, and the folds as its tasks.
func (t trace) pinning(n int) (*Pinning, []*Task, []int) {
	heavy := map[int]bool{}
	for k := range n {
		packets := map[int]int{}
		for _, p := range t[k*len(t)/n : (k+1)*len(t)/n] {
			packets[p.flow]++
		}
		order := slices.SortedFunc(maps.Keys(packets), func(a, b int) int { return cmp.Or(packets[b]-packets[a], a-b) })
		for _, flow := range order[:min(4, len(order))] {
			heavy[flow] = true
		}
	}
	groups := slices.Sorted(maps.Keys(heavy))
	now := nicmodel.IndirectionTable(nil)
	for i := range traceEntries {
		now = append(now, uint16(i%traceCPUs))
	}
	p := &Pinning{Groups: len(groups), Tables: []nicmodel.IndirectionTable{now}, Spared: []int{-1}}
	for _, equal := range []Equal{{traceCPUs - 1, 0}, {traceCPUs - 1, 1}} {
		table := make(nicmodel.IndirectionTable, traceEntries)
		for i := range table {
			table[i] = uint16(equal.Start + i%equal.Queues)
		}
		p.Tables, p.Spared = append(p.Tables, table), append(p.Spared, (equal.Start+traceCPUs-1)%traceCPUs)
	}
	return p, t.tasks(groups, n), groups
}

// tasks are the trace in n parts with the groups' flows apart.
func (t trace) tasks(groups []int, n int) []*Task {
	all := t.folds(n)
	for k, b := range all {
		b.Entries = make([]uint64, traceEntries*(1+len(groups)))
		for _, p := range t[k*len(t)/n : (k+1)*len(t)/n] {
			g, _ := slices.BinarySearch(groups, p.flow)
			if g == len(groups) || groups[g] != p.flow {
				g = -1
			}
			b.Entries[(1+g)*traceEntries+p.entry]++
		}
	}
	return all
}

// pinned tells whether a rule is found on the trace's first half that passes the gate, of
// which flow, and the share of the imbalance that it saves on the half that follows.
func (t trace) pinned() (found, passed bool, gain float64) {
	seen, next := t[:len(t)/2], t[len(t)/2:]
	p, folds, groups := seen.pinning(8)
	j := NewJudge(folds, p.Now())
	v := j.Of(p.Fit)[0]
	pin, found := p.Find(seen.tasks(groups, 1)[0])
	if !found {
		return false, false, 0
	}
	passed = v.Holds() && p.Lasts(j.folds, pin.Group, seen.known())
	follows := next.tasks(groups, 1)[0]
	return true, passed, j.gain(follows, p.pinned(pin))
}

// A flow that stays gets a queue of its own, and the traffic that follows is more even for
// it; where flows come and go, or the heavy one has ended, no rule is advised.
func TestPinLasts(t *testing.T) {
	const elephant = 1 << 30
	traces := 60
	if testing.Short() {
		traces = 12
	}
	for _, c := range []struct {
		name     string
		of       func(r *rand.Rand) trace
		least    float64 // share of the traces in which a rule passes, at least
		most     float64 // and at most
		harmless float64 // of these, the share that makes what follows no worse, at least
	}{
		{"an elephant that stays", func(r *rand.Rand) trace { return churn(r, 0.01, 16000).elephant(r, elephant, 0.3, 0, 1) }, 0.4, 1, 0.8},
		{"Zipf's", func(r *rand.Rand) trace { return persistent(r, 1.1, 16000) }, 0.6, 1, 0.95},
		{"flows that come and go", func(r *rand.Rand) trace { return churn(r, 0.01, 16000) }, 0, 0.02, 0},
		{"faster ones", func(r *rand.Rand) trace { return churn(r, 0.001, 16000) }, 0, 0, 0},
		{"slower ones", func(r *rand.Rand) trace { return churn(r, 0.1, 16000) }, 0, 0.1, 0},
		{"an elephant that ends", func(r *rand.Rand) trace { return churn(r, 0.01, 16000).elephant(r, elephant, 0.3, 0, 0.25) }, 0, 0, 0},
		{"even flows", func(r *rand.Rand) trace { return persistent(r, 0, 16000) }, 0, 0, 0},
	} {
		var found, passed, worse int
		for seed := range traces {
			any, ok, saved := c.of(rand.New(rand.NewPCG(uint64(seed), 80))).pinned()
			if any {
				found++
			}
			if ok {
				passed++
				if saved < 0 {
					worse++
				}
			}
		}
		if share := float64(passed) / float64(traces); share < c.least || share > c.most {
			t.Errorf("%s: of %d traces %d have a rule, and it passes in %d", c.name, traces, found, passed)
		}
		if float64(worse) > (1-c.harmless)*float64(passed) {
			t.Errorf("%s: %d of %d rules make what follows worse", c.name, worse, passed)
		}
	}
}

// TestPinFind: whose queue, beside which table, and what is left alone.
func TestPinFind(t *testing.T) {
	p := &Pinning{Groups: 2, Tables: []nicmodel.IndirectionTable{{0, 1, 2}, {0, 1, 0}}, Spared: []int{-1, 2}}
	task := func(slots ...uint64) *Task {
		return &Task{Entries: slots, Fixed: make([]uint64, 3), QueueCPU: []int{0, 1, 2}}
	}
	for _, c := range []struct {
		name string
		b    *Task
		want Pin
		ok   bool
	}{
		{"beside what makes its CPU the busiest", task(60, 20, 10, 100, 0, 0, 0, 0, 0), Pin{0, 2, 1}, true},
		{"the least loaded CPU does", task(60, 60, 0, 100, 0, 0, 0, 0, 0), Pin{0, 2, 0}, true},
		{"no other CPU does, and beside another table it is a little better", task(25, 500, 100, 975, 0, 0, 0, 0, 0), Pin{0, 2, 1}, true},
		{"alone on its CPU", task(0, 20, 10, 100, 0, 0, 0, 0, 0), Pin{}, false},
		{"on a CPU that is not the busiest", task(60, 400, 10, 100, 0, 0, 0, 0, 0), Pin{}, false},
		{"the other of two", task(10, 10, 0, 0, 40, 0, 0, 70, 0), Pin{1, 2, 0}, true},
		{"nothing at all", task(0, 0, 0, 0, 0, 0, 0, 0, 0), Pin{}, false},
	} {
		got, ok := p.Find(c.b)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%s: %+v, %v, want %+v, %v", c.name, got, ok, c.want, c.ok)
		}
		if table := p.Fit(c.b)[0]; !ok && !slices.Equal(table, p.Now()) || ok && c.b.Peak(table) >= c.b.Peak(p.Now()) {
			t.Errorf("%s: the judge is given %v", c.name, table)
		}
	}
}

// TestPresence: the least share that a group has of a fold, and the mean one.
func TestPresence(t *testing.T) {
	p := &Pinning{Groups: 1, Tables: []nicmodel.IndirectionTable{{0, 1}}, Spared: []int{-1}}
	var folds []*Task
	for _, slots := range [][]uint64{{50, 0, 25, 25}, {75, 0, 25, 0}, {0, 0, 0, 0}, {0, 25, 75, 0}} {
		folds = append(folds, &Task{Entries: slots, Fixed: make([]uint64, 2), QueueCPU: []int{0, 1}})
	}
	if least, mean := p.Presence(folds[:2], 0); least != 0.25 || mean != 0.375 {
		t.Errorf("a half and a quarter: at least %g, in the mean %g", least, mean)
	}
	if least, mean := p.Presence(folds, 0); least != 0 || mean != 0.375 {
		t.Errorf("with a fold without packets: at least %g, in the mean %g", least, mean)
	}
	for _, c := range []struct {
		folds  []*Task
		known  float64
		lasts  bool
		reason string
	}{
		{folds[:2], leastKnown, true, "two thirds of its mean, where flows last"},
		{folds[:2], 0, false, "two thirds of its mean, where they do not"},
		{folds[:1], 0, true, "as much in each"},
		{folds, 1, false, "it is not in each"},
	} {
		if got := p.Lasts(c.folds, 0, c.known); got != c.lasts {
			t.Errorf("%s: lasts %v", c.reason, got)
		}
	}
}
