package dispatch

import (
	"cmp"
	"slices"

	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/steer"
)

// RuleLoad is the received packets that a rule takes, by whichever way they go then.
type RuleLoad = engine.EntryLoad

// Ambiguity is the packets that a rule takes while another one matches, too, and would
// do something else. Rules are named by their place among the steering's.
type Ambiguity struct {
	Rule, Other int
	Packets     uint64
}

// ContextLoad is the received packets that rules send to an RSS context, by the entries of
// its table. Rules that add another queue to these have a load of their own.
type ContextLoad struct {
	Context, Base int
	Table         nicmodel.IndirectionTable // the context's; Base is to be added to its queues
	Entries       []engine.EntryLoad
	Unhashed      engine.EntryLoad // to the default queue, whatever the base
}

// newContextLoads are the contexts to which rules lead, in the order of the rules, and by
// rule which of them; -1: none.
func newContextLoads(s *nicmodel.Steering) (loads []ContextLoad, of []int) {
	for i, rule := range s.NTuple().All() {
		of = append(of, -1)
		if rule.Action != steer.ToContext {
			continue
		}
		at := slices.IndexFunc(loads, func(l ContextLoad) bool { return l.Context == rule.Context && l.Base == rule.Queue })
		if at < 0 {
			at = len(loads)
			table := s.Context(i).Config().Table
			loads = append(loads, ContextLoad{Context: rule.Context, Base: rule.Queue, Table: table, Entries: make([]engine.EntryLoad, len(table))})
		}
		of[i] = at
	}
	return loads, of
}

// ruleOf is the rule that an entry, as Batch.Entry has it, is of; -1 if it is the
// table's, or nobody's.
func (w *way) ruleOf(entry uint16) int {
	size := w.steering.TableSize()
	switch {
	case entry >= engine.Dropped:
		return int(entry - engine.Dropped)
	case entry != engine.Unhashed && int(entry) >= size:
		return w.steering.Targets()[int(entry)-size].Rule
	}
	return -1
}

// tally counts what entries and rules meet, flow by flow.
type tally struct {
	*Replayed
	way     *way
	loads   []engine.EntryLoad // of the table's entries, then of what rules lead to
	entries []uint16           // that the present flow met
	rules   []int
	context []int          // by rule, its place in Contexts; -1: none
	met     []contextEntry // by the present flow
}

// contextEntry is an entry of Contexts[at]; -1: its packets without a hash.
type contextEntry struct{ at, entry int }

func (r *Replayed) contextLoad(c contextEntry) *engine.EntryLoad {
	if c.entry < 0 {
		return &r.Contexts[c.at].Unhashed
	}
	return &r.Contexts[c.at].Entries[c.entry]
}

// newTally counts into r, and loads.
func newTally(r *Replayed, w *way, loads []engine.EntryLoad) tally {
	t := tally{Replayed: r, way: w, loads: loads}
	r.Rules = make([]RuleLoad, len(w.steering.NTuple().All()))
	r.Contexts, t.context = newContextLoads(w.steering)
	return t
}

// beginFlow begins a flow, of which nothing was met yet.
func (t *tally) beginFlow() { t.entries, t.rules, t.met = t.entries[:0], t.rules[:0], t.met[:0] }

// count counts packets that got a decision: at their entry, or at what took them.
func (t *tally) count(d flowDecision, packets, bytes uint64) {
	if packets == 0 {
		return
	}
	entry := d.entry
	if entry != engine.Unhashed {
		t.entries = append(t.entries, entry)
	}
	switch {
	case entry >= engine.Dropped:
		countEntry(&t.RuleDrops, packets, bytes)
	case int(entry) < len(t.loads):
		countEntry(&t.loads[entry], packets, bytes)
	}
	rule := t.way.ruleOf(entry)
	if rule < 0 {
		return
	}
	t.countRule(rule, packets, bytes)
	if at := t.context[rule]; at >= 0 {
		met := contextEntry{at, -1}
		if d.kind != hash.None {
			met.entry = int(t.way.steering.Context(rule).Entry(d.hash))
		}
		countEntry(t.contextLoad(met), packets, bytes)
		t.met = append(t.met, met)
	}
}

// countRule counts packets of a rule.
func (t *tally) countRule(rule int, packets, bytes uint64) {
	countEntry(&t.Rules[rule], packets, bytes)
	t.rules = append(t.rules, rule)
}

// countAside counts packets that a Wake-on-LAN rule let pass, and those that two rules
// contend for.
func (t *tally) countAside(a aside, packets, bytes uint64) {
	if packets == 0 {
		return
	}
	if a.woke != 0 {
		t.countRule(int(a.woke)-1, packets, bytes)
	}
	if a.other == 0 {
		return
	}
	first, other := int(cmp.Or(a.rule, a.woke))-1, int(a.other)-1
	i := slices.IndexFunc(t.Ambiguous, func(b Ambiguity) bool { return b.Rule == first && b.Other == other })
	if i < 0 {
		i = len(t.Ambiguous)
		t.Ambiguous = append(t.Ambiguous, Ambiguity{Rule: first, Other: other})
	}
	t.Ambiguous[i].Packets += packets
}

// endFlow ends a flow, and counts it wherever it was met.
func (t *tally) endFlow() {
	slices.Sort(t.entries) // and no search in a list: a flow may meet thousands
	slices.Sort(t.rules)
	for _, entry := range slices.Compact(t.entries) {
		if int(entry) < len(t.loads) {
			t.loads[entry].Flows++
		}
	}
	for _, rule := range slices.Compact(t.rules) {
		t.Rules[rule].Flows++
	}
	slices.SortFunc(t.met, func(a, b contextEntry) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.entry, b.entry)) })
	for _, entry := range slices.Compact(t.met) {
		t.contextLoad(entry).Flows++
	}
}
