package suggest

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/cmd/rssreplay/internal/assemble"
	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/balance"
	"rssreplay/nicmodel/profile"
	"rssreplay/report"
)

// report keeps the candidates that the replays showed to be better and that the NIC
// can be told, and says why the others are not. The present's figures are the first.
func (c *candidates) report(figures []report.Figures) (*report.Suggest, error) {
	s := c.suggester
	a := &assemble.ReportBuilder{Settings: s.settings, Replayed: s.whole}
	r := &report.Suggest{
		Capture: a.Capture(), Parameters: s.settings.Parameters, Objective: s.by, Mode: s.mode.String(),
		Judging: c.judging, Present: report.Placement{Figures: figures[0], Even: c.evenly(s.settings.Config.Table)},
		Bound: c.bound(a), Curve: c.curve, Table: a.Table(), CPUs: len(s.settings.Config.CPUs),
		Notes: a.ScenarioNotes(), Caveats: a.Caveats(),
	}
	c.contextTables()
	var assumed uint64
	for i, one := range c.list {
		f := figures[i+1]
		if why := c.noBetter(one, figures[0], f); why != "" {
			if one.Goal == report.GoalBalance || len(c.declined) == 0 || c.declined[len(c.declined)-1].Summary != why {
				c.decline(one.ID, "%s", why) // one reason for all kinds of symmetry
			}
			continue
		}
		if why := c.unsettable(one); why != "" {
			c.decline(one.ID, "%s", why)
			continue
		}
		c.transformToo(one)
		if cost := c.cost(one, figures[0], f); cost != "" {
			one.Note = strings.TrimSpace(cost + " " + one.Note)
		}
		var moved engine.EntryLoad
		if one.member != nil {
			moved = c.moved(one)
		} else {
			loads := s.whole.Result.LoadsUnder(one.settings.Steering)
			moved, assumed = loads.Moved, max(assumed, loads.Assumed)
		}
		one.Predicted, one.Even = f, c.evenly(one.settings.Config.Table)
		one.FlowsMoved, one.PacketsMoved = moved.Flows, moved.Packets
		r.Suggestions = append(r.Suggestions, one.Suggestion)
	}
	r.Sort()
	c.nameMoved(a, r.Suggestions)
	r.Declined = c.declined
	r.Moving = c.moving()
	var err error
	if r.TableSizes, err = c.tableSizes(); err != nil {
		return nil, err
	}
	if s.keys.n > 0 {
		if r.Keys, err = c.tryKeys(); err != nil {
			return nil, err
		}
	}
	c.caution(r, a.Keyless() != "", assumed)
	return r, nil
}

// namedMoves are as many single moves as are told with their largest flow.
const namedMoves = 20

// nameMoved looks up the largest flow of the entries that few moves take.
func (c *candidates) nameMoved(a *assemble.ReportBuilder, suggestions []report.Suggestion) {
	result := c.whole.Result
	named := map[int]*report.Flow{}
	for i := range suggestions {
		moves := suggestions[i].Moves
		if len(moves) > namedMoves {
			continue
		}
		for k := range moves {
			at := moves[k].Entry
			if _, known := named[at]; !known {
				named[at] = nil
				for _, id := range result.LargestOf(1, result.OnEntry(func(entry int) bool { return entry == at })) {
					named[at] = new(a.Flow(id))
				}
			}
			moves[k].Largest = named[at]
		}
	}
}

// evenly is what the table alone makes, without heavy flows.
func (c *candidates) evenly(table nicmodel.IndirectionTable) report.Fraction {
	return fraction(c.balance.WithEvenFlows(table))
}

// caution adds what a reader must know before he sets anything; keyless: no key decides.
func (c *candidates) caution(r *report.Suggest, keyless bool, assumed uint64) {
	r.NoTable = c.settings.Untabled(profile.SetTable)
	if r.NoTable == "" && c.settings.Illustrative() && !keyless {
		r.Notes = append(r.Notes, "A table fits one key: with the default key these suggestions are illustrative, too. Give the NIC's own before you set one.")
	}
	if c.by == "busy" {
		r.Notes = append(r.Notes, "The suggestions' “whole” is the busy time of a replay. “judged”, “trained”, “even”, all of the moves, the table sizes and the bound are of the packets' costs alone: what ISRs and DPCs take depends on when packets come, and only a replay tells it.")
	}
	if most := report.Ratio(c.whole.Result.ATR.Most, c.whole.Result.Received); c.settings.ATR() && most >= 0.01 {
		r.Notes = append(r.Notes, fmt.Sprintf("ATR, on by default with %s, may have moved up to %s of the received packets to other queues than the table's, and these follow no new table either: `%s` turns it off.",
			c.settings.Profile.Name, report.Percent(most), strings.Replace(c.settings.Profile.NTuple.OffATR, "DEV", c.device, 1)))
	}
	if c.settings.Config.RPS.Steers() {
		r.Notes = append(r.Notes, "With RPS a table decides which CPUs take the interrupts, and the masks which do the rest. “whole” and “busiest” are of the CPUs that do the rest; “judged”, “even” and the moves are of those that take the interrupts.")
	}
	fits := "A table fits the key that it was found for."
	if r.NoTable == "" && c.settings.Tool() == profile.Ethtool {
		fits += fmt.Sprintf(" Linux draws another at each boot, unless one is set (ethtool -X %s hkey).", c.device)
	}
	r.Caveats = append(r.Caveats, fits)
	if len(r.Suggestions) > 0 {
		r.Caveats = append(r.Caveats, "A table moves flows at once: packets of theirs that wait in the old queue can be overtaken, for as long as that queue takes to empty.")
	}
	if assumed > 0 {
		r.Caveats = append(r.Caveats, fmt.Sprintf("Where %s under another hash is counted in moved flows as if no packet had extension headers; the figures are replayed, and exact.", report.Plural(uint64(assumed), "packet goes", "packets go")))
	}
}

// cost is what a candidate with another goal than balance takes from the balance;
// "" if nothing that shows.
func (c *candidates) cost(one *candidate, now, f report.Figures) string {
	before, after := threeDigits(now.Of(c.by)), threeDigits(f.Of(c.by))
	if one.Goal == report.GoalBalance || !(f.Of(c.by) > now.Of(c.by)) || before == after {
		return ""
	}
	return fmt.Sprintf("It costs balance: %s against %s.", after, before)
}

// threeDigits is an imbalance as the text has it.
func threeDigits(f report.Fraction) string { return fmt.Sprintf("%.3f", float64(f)) }

// leastMedianGain is the share that the median over random keys must save.
const leastMedianGain = 0.02

// noBetter is why a candidate is not to be suggested; "" if it is.
func (c *candidates) noBetter(one *candidate, now, f report.Figures) string {
	after, before := f.Of(c.by), now.Of(c.by)
	switch one.Goal {
	case report.GoalSymmetry:
		if now.Connections == 0 {
			return "No connection has both its directions among the received packets: symmetry matters to an IDS, a tap or a proxy."
		}
		if now.SymmetricConnections == now.Connections {
			if now.Connections == 1 {
				return "Both directions of the only connection are on one CPU already."
			}
			return fmt.Sprintf("Both directions of all %s connections are on one CPU already.", report.Exact(now.Connections))
		}
		return ""
	case report.GoalOrder:
		return ""
	}
	if m := one.Median; m != nil {
		if !(float64(m.Suggested) <= (1-leastMedianGain)*float64(m.Present)) {
			return fmt.Sprintf("%s Over %d random keys the median is %s against %s: no better.", one.Summary, m.Keys, threeDigits(m.Suggested), threeDigits(m.Present))
		}
		return ""
	}
	effect := balance.Effect{Now: float64(before), Then: float64(after), BusyNow: float64(now.BusyWindows), BusyThen: float64(f.BusyWindows)}
	switch effect.Rating() {
	case balance.NoBetter:
		return fmt.Sprintf("%s No better than the present: %s against %s.", one.Summary, threeDigits(after), threeDigits(before))
	case balance.HardlyBetter:
		return fmt.Sprintf("%s Better than the present by less than 1%%: %s against %s.", one.Summary, threeDigits(after), threeDigits(before))
	case balance.WorseWhenBusy:
		return fmt.Sprintf("%s Better over the whole capture, %s against %s, but worse in its busiest windows: %s against %s.",
			one.Summary, threeDigits(after), threeDigits(before), threeDigits(f.BusyWindows), threeDigits(now.BusyWindows))
	}
	return ""
}

// bound is what no table gets below.
func (c *candidates) bound(a *assemble.ReportBuilder) report.Bound {
	b := c.balance
	heaviest := b.Heaviest()
	ruled := c.balanceOf(&dispatch.Loads{Ruled: c.loads.Ruled}, c.settings.Steering)
	bound := report.Bound{
		Imbalance: fraction(b.Imbalance(b.Bound())), Entry: heaviest, EntryImbalance: fraction(b.Imbalance(b.Entries[heaviest])),
		Unhashed: fraction(b.Imbalance(slices.Max(b.Fixed))), Ruled: fraction(b.Imbalance(slices.Max(ruled.Fixed))), FlowImbalance: report.Null,
	}
	if id, load := c.largestFlow(); load > 0 {
		bound.LargestFlow, bound.FlowImbalance = new(a.Flow(id)), fraction(b.Imbalance(load))
	}
	return bound
}

// sizesShown are the sizes of NICs' tables.
var sizesShown = []int{32, 64, 128, 256, 512, 1024, 2048}

// tableSizes is the effect of the table's size: of those that the profile's NIC
// may have, or of all usual ones.
func (c *candidates) tableSizes() (report.List[report.TableSize], error) {
	s := c.settings
	present := len(s.Config.Table)
	sizes := append([]int{present}, sizesShown...)
	if p := s.Profile; p != nil {
		sizes = []int{present}
		for queues := 1; queues <= engine.MaxCPUs; queues *= 2 {
			if p.MaxQueues == 0 || queues <= p.MaxQueues {
				sizes = append(sizes, p.TableSize.For(queues))
			}
		}
	}
	slices.Sort(sizes)
	var shown report.List[report.TableSize]
	for _, size := range slices.Compact(sizes) {
		table, layoutErr := assemble.FillLayout(fmt.Sprint(s.Parameters.Named("layout").Value), size, s.Config.Queues)
		if size == present {
			table, layoutErr = s.Config.Table, nil
		}
		if layoutErr != nil { // an imported table, or a list
			var err error
			if table, err = assemble.FillLayout("equal", size, s.Config.Queues); err != nil {
				return nil, err
			}
		}
		made := changed(s, func(config *nicmodel.SteeringConfig) { config.Table = table })
		loads := c.whole.Result.LoadsUnder(made.Steering)
		b := c.balanceOf(&loads, made.Steering)
		of := report.TableSize{Size: size, Bound: fraction(b.Imbalance(b.Bound())), Best: fraction(b.Imbalance(b.Peak(b.Best(table)))), Now: report.Null, Present: size == present}
		if layoutErr == nil {
			of.Now = fraction(b.Imbalance(b.Peak(table)))
		}
		shown = append(shown, of)
	}
	return shown, nil
}
