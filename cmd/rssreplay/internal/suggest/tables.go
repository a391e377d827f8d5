package suggest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rssreplay/cmd/rssreplay/internal/assemble"
	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/balance"
	"rssreplay/nicmodel/profile"
	"rssreplay/report"
)

// This file is the candidates that differ in their table alone.

// tables looks for tables on the whole capture, and judges each way to find one on
// its folds.
func (c *candidates) tables() error {
	asked, err := c.asked()
	if err != nil {
		return err
	}
	now := c.settings.Config.Table
	best := c.balance.Best(now)
	few := c.balance.Fewer(now, c.balance.Moves(now, best))
	t := &tableWays{c: c, now: now, steps: stepsTo(few[len(few)-1].Moves)}
	if asked != nil {
		t.steps = []int{asked.Moves}
	}
	c.judgeFolds(t)
	c.few(t, asked)
	if asked == nil {
		c.entries(t, best)
	}
	if c.settings.Tool() == profile.Ethtool {
		c.weights(t)
	}
	if c.settings.Tool() != profile.Application {
		c.equal(t)
	}
	return nil
}

// tableWays are the ways to find a table, in the order of their verdicts: each
// entry free, weights, round robin, and few moves in steps.
type tableWays struct {
	c        *candidates
	now      nicmodel.IndirectionTable
	steps    []int
	verdicts []balance.Verdict // empty: not judged
}

const (
	wayEntries = iota
	wayWeights
	wayEqual
	wayFew
)

// stepsTo are 1, 2, 3, 5, 10, 20, 50 … moves below most, and most.
func stepsTo(most int) []int {
	steps := []int{1, 2, 3}
	for ten := 1; 5*ten < most; ten *= 10 {
		steps = append(steps, 5*ten, 10*ten, 20*ten)
	}
	steps = slices.DeleteFunc(steps, func(k int) bool { return k >= most })
	if most > 0 {
		steps = append(steps, most)
	}
	return steps
}

// find is the tables that all ways find for a load.
func (t *tableWays) find(b *balance.Task) []nicmodel.IndirectionTable {
	w, _ := b.BestWeights(t.now)
	tables := []nicmodel.IndirectionTable{b.Even(t.now), t.fill(w.Layout()), t.now}
	if equal, ok := b.BestEqual(t.now); ok {
		tables[wayEqual] = t.fill(equal.Layout())
	}
	if len(t.steps) == 0 {
		return tables
	}
	few := b.Fewer(t.now, t.steps[len(t.steps)-1])
	for _, k := range t.steps {
		tables = append(tables, few[min(k, len(few)-1)].Table)
	}
	return tables
}

// fill is the table of a layout, or the present one where it does not fit.
func (t *tableWays) fill(layout string) nicmodel.IndirectionTable {
	table, err := assemble.FillLayout(layout, len(t.now), t.c.settings.Config.Queues)
	if err != nil {
		return t.now
	}
	return table
}

// judgeFolds judges the ways on the folds, unless there is too little in them.
func (c *candidates) judgeFolds(t *tableWays) {
	result := c.cut.Result
	folds := result.Folds()
	c.judging = report.Judging{Folds: len(folds), Packets: result.Passed(), Span: result.Duration, FlowsLeast: folds[0].Flows, Known: report.Null, Present: report.Null}
	var tasks []*balance.Task
	for _, fold := range folds {
		c.judging.FlowsLeast = min(c.judging.FlowsLeast, fold.Flows)
		tasks = append(tasks, c.balanceOf(fold.Loads(&c.settings.Config), c.settings.Steering))
	}
	switch {
	case result.Passed() < balance.LeastPackets:
		what := "received"
		if result.RuleDrops.Packets > 0 {
			what += " that no rule drops"
		}
		c.judging.TooShort = fmt.Sprintf("%s %s, and at least %s are needed", report.Plural(result.Passed(), "packet is", "packets are"), what, report.Exact(balance.LeastPackets))
		return
	case c.judging.FlowsLeast < balance.LeastFoldFlows:
		c.judging.TooShort = fmt.Sprintf("an eighth of the packets has %s, and at least %d are needed", report.Plural(c.judging.FlowsLeast, "flow", "flows"), balance.LeastFoldFlows)
		return
	}
	judge := balance.NewJudge(tasks, t.now)
	c.judging.Known = assemble.KnownShare(result, judge)
	t.verdicts = judge.Of(t.find)
	c.judging.Present = fraction(t.verdicts[wayEntries].Present)
}

// gate is the verdict on a way to find tables, which found this one on the whole
// capture; nil if there is none.
func (t *tableWays) gate(way int, table nicmodel.IndirectionTable) *report.Gate {
	if len(t.verdicts) == 0 {
		return nil
	}
	return gateOf(&t.verdicts[way], t.c.balance.Lasts(float64(t.c.judging.Known), t.now, table))
}

// gateOf is a verdict as the report has it; lasts: what it rests on does, too.
func gateOf(v *balance.Verdict, lasts bool) *report.Gate {
	return &report.Gate{
		Passed: v.Holds() && lasts, FoldT: report.FoldTOf(v.FoldT), Forward: report.Fraction(v.Forward), Back: report.Fraction(v.Back),
		Trained: fraction(v.Trained), Judged: fraction(v.Judged), Present: fraction(v.Present),
	}
}

// passes tells whether a candidate has passed the gate, or needs not; else it declines it. why
// says what would keep it from lasting; gate is nil where it can't be judged.
func (c *candidates) passes(id, summary string, gate *report.Gate, why func() string) bool {
	switch {
	case c.noGate || gate != nil && gate.Passed:
		return true
	case gate == nil:
		c.decline(id, "%s Whether it would last can't be judged: the capture is too short.", summary)
	default:
		c.declined = append(c.declined, report.Declined{ID: id, Summary: summary + " " + why(), Gate: gate})
	}
	return false
}

// table adds a candidate with the table, or declines it where it would not last,
// leaves a CPU idle or moves more than was asked for; then it is nil.
func (c *candidates) table(id, summary, layout string, table nicmodel.IndirectionTable, gate *report.Gate) *candidate {
	if c.balance.Peak(table) >= c.balance.Peak(c.settings.Config.Table) {
		c.decline(id, "%s No better than the present: %s against %s.", summary, c.imbalance(table), c.imbalance(c.settings.Config.Table))
		return nil
	}
	if n := c.balance.Moves(c.settings.Config.Table, table); c.maxMoves > 0 && n > c.maxMoves {
		c.decline(id, "%s It moves %d entries, more than --max-moves %d.", summary, n, c.maxMoves)
		return nil
	}
	if idle := c.balance.Idles(c.settings.Config.Table, table); len(idle) > 0 {
		c.decline(id, "%s It leaves CPU %d without packets.", summary, c.settings.Config.CPUs[idle[0]])
		return nil
	}
	if !c.passes(id, summary, gate, func() string { return gate.Reason(balance.LeastGain, balance.LeastFoldT, c.judging.Known) }) {
		return nil
	}
	added := c.withTable(id, layout, table)
	added.Summary, added.Gate = summary, gate
	return added
}

// asked is the table with few entries moved that --target and --max-moves ask for;
// nil if neither is given.
func (c *candidates) asked() (*balance.Moved, error) {
	b, now := c.balance, c.settings.Config.Table
	most := c.maxMoves
	if most < 0 {
		most = len(now)
	}
	switch {
	case c.target > 0 && b.LimitOf(c.target) < b.Bound():
		return nil, cli.Usagef("--target %g: no table reaches it: %s; the least possible is %.3f", c.target, c.whyBound(), b.TargetOf(b.Bound()))
	case c.target > 0:
		limit := b.LimitOf(c.target)
		if found := b.FewestMoves(now, limit, most); found != nil {
			return found, nil
		}
		if c.maxMoves < 0 {
			best := b.Best(now)
			if b.Peak(best) <= limit {
				return &balance.Moved{Table: best, Moves: b.Moves(now, best)}, nil
			}
			return nil, cli.Usagef("--target %g: no table was found that reaches it: the best found has %.3f", c.target, b.TargetOf(b.Peak(best)))
		}
		few := b.Fewer(now, most)
		hint := fmt.Sprintf("%d reach %.3f", most, b.TargetOf(b.Peak(few[len(few)-1].Table)))
		if any := b.FewestMoves(now, limit, len(now)); any != nil {
			hint = fmt.Sprintf("%d do, and %s", any.Moves, hint)
		}
		return nil, cli.Usagef("--target %g is out of reach with --max-moves %d: %s", c.target, most, hint)
	case c.maxMoves > 0:
		few := b.Fewer(now, most)
		return &few[len(few)-1], nil
	}
	return nil, nil
}

// few is the curve of moves, and of it the fewest that do nearly as well as any, or
// the table that was asked for.
func (c *candidates) few(t *tableWays, asked *balance.Moved) {
	if len(t.steps) == 0 || t.steps[0] == 0 {
		if asked != nil {
			c.decline("few-moves", "The present table has %s already.", c.imbalance(t.now))
		}
		return // entries says it
	}
	var found []balance.Moved
	if asked != nil {
		found = []balance.Moved{*asked}
	} else {
		all := c.balance.Fewer(t.now, t.steps[len(t.steps)-1])
		for _, k := range t.steps {
			found = append(found, all[min(k, len(all)-1)])
		}
	}
	for i, k := range t.steps {
		point := report.CurvePoint{Moves: k, Whole: fraction(c.balance.Imbalance(c.balance.Peak(found[i].Table))), Trained: report.Null, Judged: report.Null}
		for _, m := range c.movesOf(t.now, found[i].Table) {
			point.Flows += m.Flows
		}
		if gate := t.gate(wayFew+i, found[i].Table); gate != nil {
			point.Trained, point.Judged, point.Passed = gate.Trained, gate.Judged, gate.Passed
		}
		c.curve = append(c.curve, point)
	}
	chosen := t.fewest(found)
	made := found[chosen]
	moved := report.Plural(uint64(made.Moves), "entry", "entries") + " moved"
	summary := fmt.Sprintf("%s, the fewest that bring %.0f%% of what any number does.", moved, 100*balance.ShareOfBest)
	switch {
	case asked != nil && c.target > 0 && made.Fewest:
		summary = fmt.Sprintf("%s, the fewest possible for an imbalance of at most %.3f on this capture.", moved, c.target)
	case asked != nil && c.target > 0:
		summary = fmt.Sprintf("%s, the fewest found for an imbalance of at most %.3f on this capture.", moved, c.target)
	case asked != nil:
		summary = fmt.Sprintf("At most %s moved: the best found moves %d.", report.Plural(uint64(c.maxMoves), "entry", "entries"), made.Moves)
	}
	if added := c.table("few-moves", summary, assemble.ListLayout(made.Table), made.Table, t.gate(wayFew+chosen, made.Table)); added != nil {
		added.Moves = c.movesOf(t.now, made.Table)
		c.setEntries(added, made.Table)
	}
}

// fewest is the first step that brings nearly what any number of moves does, as
// judged, or on the whole capture where nothing is: the first one that passes, if one
// does.
func (t *tableWays) fewest(found []balance.Moved) int {
	b := t.c.balance
	gains := make([]float64, len(found))
	best := 0.0
	for i, m := range found {
		gains[i] = b.Imbalance(b.Peak(t.now)) - b.Imbalance(b.Peak(m.Table))
		if len(t.verdicts) > 0 {
			gains[i] = t.verdicts[wayFew+i].Gain()
		}
		best = max(best, gains[i])
	}
	if len(t.verdicts) > 0 {
		best = max(best, t.verdicts[wayEntries].Gain())
	}
	nearly := -1
	for i, gain := range gains {
		switch {
		case gain < balance.ShareOfBest*best:
		case len(t.verdicts) == 0 || t.gate(wayFew+i, found[i].Table).Passed:
			return i
		case nearly < 0:
			nearly = i
		}
	}
	if nearly >= 0 {
		return nearly
	}
	return len(found) - 1
}

// movesOf is the entries that go to another CPU, the heaviest first.
func (c *candidates) movesOf(now, table nicmodel.IndirectionTable) report.List[report.Move] {
	var moves report.List[report.Move]
	for i, queue := range table {
		if cpus := c.balance.QueueCPU; cpus[queue] != cpus[now[i]] {
			load := c.loads.Entries[i]
			moves = append(moves, report.Move{Entry: i, From: int(now[i]), To: int(queue), Flows: load.Flows, Packets: load.Packets})
		}
	}
	slices.SortStableFunc(moves, func(a, b report.Move) int { return cmp.Compare(b.Packets, a.Packets) })
	return moves
}

// entries is the table with each entry free.
func (c *candidates) entries(t *tableWays, best nicmodel.IndirectionTable) {
	moves := c.balance.Moves(t.now, best)
	if moves == 0 {
		c.decline("entries", "No table was found that is better than the present one, which has %s on this capture.", c.imbalance(t.now))
		return
	}
	summary := fmt.Sprintf("Each entry free: %d of %d move to another CPU.", moves, len(t.now))
	if added := c.table("entries", summary, assemble.ListLayout(best), best, t.gate(wayEntries, best)); added != nil {
		c.setEntries(added, best)
	}
}

// weights is the table that ethtool's weights can set.
func (c *candidates) weights(t *tableWays) {
	w, exact := c.balance.BestWeights(t.now)
	table, err := assemble.FillLayout(w.Layout(), len(t.now), c.settings.Config.Queues)
	if err != nil {
		c.decline("weight", "%v", err)
		return
	}
	if slices.Equal(table, t.now) {
		c.decline("weight", "The best weights, %s, are the present table.", w.Args())
		return
	}
	summary := fmt.Sprintf("Contiguous blocks, as ethtool's weights set them: of those that bring %.0f%% of what the best do, the most even.", 100*balance.ShareOfBest)
	if !exact {
		summary = strings.TrimSuffix(summary, ".") + ", as far as was found: queues share CPUs, so others may be better."
	}
	if added := c.table("weight", summary, w.Layout(), table, t.gate(wayWeights, table)); added != nil {
		added.Commands = []string{fmt.Sprintf("ethtool -X %s weight %s", c.device, w.Args())}
	}
}

// equal is the best round robin over some of the queues.
func (c *candidates) equal(t *tableWays) {
	s := c.settings
	equal, ok := c.balance.BestEqual(t.now)
	if !ok {
		return
	}
	table, err := assemble.FillLayout(equal.Layout(), len(t.now), s.Config.Queues)
	if err != nil {
		c.decline("equal", "%v", err)
		return
	}
	if slices.Equal(table, t.now) {
		c.decline("equal", "The best round robin, %s, is the present table.", equal.Args())
		return
	}
	summary := fmt.Sprintf("Round robin over %d of %d queues, from queue %d.", equal.Queues, s.Config.Queues, equal.Start)
	if added := c.table("equal", summary, equal.Layout(), table, t.gate(wayEqual, table)); added != nil {
		c.setEqual(added, equal)
	}
}

// whyBound says what the bound comes from.
func (c *candidates) whyBound() string {
	b := c.balance
	heaviest := b.Heaviest()
	switch bound := b.Bound(); {
	case bound == slices.Max(b.Fixed):
		if len(c.loads.Ruled) > 0 {
			return "that much has no hash, or goes where rules lead"
		}
		return "that much has no hash, and goes to the default queue"
	case bound <= b.Total()/uint64(len(b.Fixed))+1:
		return "loads are whole packets, bytes or ns"
	default:
		return fmt.Sprintf("entry %d alone has %.3f × a CPU's fair share", heaviest, b.Imbalance(b.Entries[heaviest]))
	}
}
