package dispatch

import (
	"cmp"
	"slices"

	"rssreplay/dispatch/engine"
)

// RuleLoad is the received packets that a rule takes, by whichever way they go then.
type RuleLoad = engine.EntryLoad

// Ambiguity is the packets that a rule takes while another one matches, too, and would
// do something else. Rules are named by their place among the steering's.
type Ambiguity struct {
	Rule, Other int
	Packets     uint64
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

// queueOf is the queue that an entry, as Batch.Entry has it, leads to; -1: a rule drops
// what it is of.
func (w *way) queueOf(entry uint16) int {
	size, config := w.steering.TableSize(), w.steering.Config()
	switch {
	case entry == engine.Unhashed:
		return config.DefaultQueue
	case entry >= engine.Dropped:
		return -1
	case int(entry) >= size:
		return int(w.steering.Targets()[int(entry)-size].Queue)
	}
	return int(config.Table[entry])
}

// tally counts what entries and rules meet, flow by flow.
type tally struct {
	*Replayed
	way     *way
	loads   []engine.EntryLoad // of the table's entries, then of what rules lead to
	entries []uint16           // that the present flow met
	rules   []int
}

// begin begins a flow.
func (t *tally) begin() { t.entries, t.rules = t.entries[:0], t.rules[:0] }

// count counts packets at the entry that they met.
func (t *tally) count(entry uint16, packets, bytes uint64) {
	if packets == 0 {
		return
	}
	if entry != engine.Unhashed {
		t.entries = append(t.entries, entry)
	}
	switch {
	case entry >= engine.Dropped:
		countEntry(&t.RuleDrops, packets, bytes)
	case int(entry) < len(t.loads):
		countEntry(&t.loads[entry], packets, bytes)
	}
	if rule := t.way.ruleOf(entry); rule >= 0 {
		t.rule(rule, packets, bytes)
	}
}

// rule counts packets of a rule.
func (t *tally) rule(rule int, packets, bytes uint64) {
	countEntry(&t.Rules[rule], packets, bytes)
	t.rules = append(t.rules, rule)
}

// aside counts packets that a Wake-on-LAN rule let pass, and those that two rules
// contend for.
func (t *tally) aside(a aside, packets, bytes uint64) {
	if packets == 0 {
		return
	}
	if a.woke != 0 {
		t.rule(int(a.woke)-1, packets, bytes)
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

// flow ends a flow, and counts it wherever it was met.
func (t *tally) flow() {
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
}
